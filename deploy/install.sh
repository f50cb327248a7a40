#!/usr/bin/env bash
# Installs the platform's chart: on a laptop with kind, on a machine with k3s, or on the cluster of KUBECONFIG.
set -euo pipefail

usage() {
  cat <<'TEXT'
Usage: deploy/install.sh kind [--no-build]
       deploy/install.sh k3s --domain DOMAIN [--issuer NAME] [--registry HOST/PATH] [--no-build]
       deploy/install.sh cluster --values FILE [--registry HOST/PATH]

kind     makes the cluster "storeplane" of deploy/kind, with Traefik on http://*.localhost:8080, if it isn't there;
         builds the images and loads them; installs with PostgreSQL and Redis inside
k3s      the same on the k3s of this machine (a VPS), stores at NAME.DOMAIN, the platform at storeplane.DOMAIN;
         with --issuer, a ClusterIssuer of cert-manager, over https
cluster  with values-prod.yaml and a file of your own over it, on the cluster of KUBECONFIG

  --registry HOST/PATH   take our images from there (deploy/images/build.sh --push puts them there); implies --no-build
  --no-build             the images are there already
  -h, --help             this text

Safe to run again: what is there is upgraded. Needs helm and kubectl; docker to build; kind for kind.
TEXT
}

fail() {
  echo "install.sh: $1" >&2
  exit 2
}

need() {
  command -v "$1" >/dev/null || fail "$1 is not on the PATH; $2"
}

cd "$(dirname "$0")/.."
[[ $# -gt 0 ]] || { usage >&2; exit 2; }
where="$1" domain='' issuer='' registry='' values='' build=yes
shift
case "$where" in
  kind | k3s | cluster) ;;
  -h | --help) usage; exit 0 ;;
  *) fail "'$where' is none of kind, k3s and cluster; see --help." ;;
esac
while [[ $# -gt 0 ]]; do
  case "$1" in
    --domain) domain="${2:?--domain needs a name}"; shift ;;
    --issuer) issuer="${2:?--issuer needs the name of a ClusterIssuer}"; shift ;;
    --registry) registry="${2:?--registry needs a name}" build=''; shift ;;
    --values) values="${2:?--values needs a file}"; shift ;;
    --no-build) build='' ;;
    -h | --help) usage; exit 0 ;;
    *) fail "unknown word '$1'; see --help." ;;
  esac
  shift
done
[[ "$where" != k3s || -n "$domain" ]] || fail "k3s needs --domain, the one below which the stores get their names."
[[ "$where" != cluster || -r "$values" ]] || fail "cluster needs --values, a file that says what is yours."
need helm "see https://helm.sh/docs/intro/install."
need kubectl "see https://kubernetes.io/docs/tasks/tools."

chart=deploy/chart namespace=storeplane-system
words=()
if [[ -n "$registry" || ("$where" != cluster && -n "${TAG:-}") ]]; then
  # Ours alone: PostgreSQL and Redis come from where they always do (the value `registry` would move them, too). A TAG is
  # also that of images which are built here.
  registry="${registry:-storeplane}"
  medusa="$(sed -n 's|.*"@medusajs/medusa": "\([0-9.]*\)".*|\1|p' deploy/images/medusa/package.json)"
  words+=(--set "images.platform=$registry/platform:${TAG:-0.1.0}")
  words+=(--set "stores.images.storefront=$registry/storefront:${TAG:-0.1.0}")
  words+=(--set "stores.images.medusa=$registry/medusa:$medusa")
fi

# Built anew the images have the names that they had, by which no upgrade makes a pod anew.
restart=''
build_images() {
  ! helm status storeplane --namespace "$namespace" >/dev/null 2>&1 || restart=yes
  deploy/images/build.sh "$@"
}

on_kind() {
  need kind "see https://kind.sigs.k8s.io."
  # Not `grep -q`: it leaves at the first match, and kind, still writing, would fail the pipe.
  if ! kind get clusters | grep -x storeplane >/dev/null; then
    kind create cluster --config deploy/kind/cluster.yaml
  fi
  kubectl config use-context kind-storeplane
  helm upgrade --install traefik oci://ghcr.io/traefik/helm/traefik --namespace kube-system \
    --values deploy/kind/traefik.yaml --wait
  [[ -z "$build" ]] || build_images --kind storeplane
  # Traefik stands where k3s has its own; the storage class is kind's.
  words+=(--values "$chart/values-local.yaml" --values "$chart/values-k3s.yaml" --set stores.storageClass=)
  words+=(--set stores.port=8080)
}

on_k3s() {
  export KUBECONFIG="${KUBECONFIG:-/etc/rancher/k3s/k3s.yaml}"
  [[ -r "$KUBECONFIG" ]] || fail "$KUBECONFIG can't be read; is k3s installed (https://docs.k3s.io), and are you root?"
  [[ -z "$build" ]] || build_images --k3s
  words+=(--values "$chart/values-k3s.yaml" --set "ingress.host=storeplane.$domain" --set "stores.domain=$domain")
  if [[ -n "$issuer" ]]; then
    local annotation='cert-manager\.io/cluster-issuer'
    words+=(--set "ingress.tls.enabled=true,ingress.annotations.$annotation=$issuer")
    words+=(--set "stores.scheme=https,stores.port=443,stores.ingress.annotations.$annotation=$issuer")
  else
    words+=(--set "stores.scheme=http,stores.port=80")
  fi
}

on_cluster() {
  words+=(--values "$chart/values-prod.yaml" --values "$values")
}

"on_$where"
kubectl create namespace "$namespace" --dry-run=client --output yaml | kubectl apply --filename -
kubectl label --overwrite namespace "$namespace" pod-security.kubernetes.io/enforce=restricted
# Waits until all pods are ready, so that what it says at the end is so.
helm upgrade --install storeplane "$chart" --namespace "$namespace" "${words[@]}" --wait --timeout 15m
if [[ -n "$restart" ]]; then
  # After the release, whose Job has migrated the database.
  kubectl --namespace "$namespace" rollout restart deployment --selector app.kubernetes.io/name=storeplane
  kubectl --namespace "$namespace" rollout status deployment --selector app.kubernetes.io/name=storeplane --timeout 15m
fi
