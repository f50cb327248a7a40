#!/usr/bin/env bash
# Builds the platform's images with Docker, and takes them where a cluster finds them.
set -euo pipefail

usage() {
  cat <<'TEXT'
Usage: deploy/images/build.sh [option…] [platform|medusa|storefront …] [-- words for `docker buildx build`]

Builds the named images (all three when none is named).

  --registry HOST/PATH   name them HOST/PATH/platform:TAG and so on (default: storeplane/…)
  --push                 push them to the registry, with their SBOM and provenance
  --kind NAME            load them into the kind cluster NAME
  --k3s                  import them into the k3s of this machine (needs root)
  --compose              import them into the k3s of docker-compose.dev.yml
  -h, --help             this text

Tags: TAG for the platform and the storefront (default: 0.1.0), Medusa's own version for Medusa.
TEXT
}

fail() {
  echo "build.sh: $1" >&2
  exit 2
}

cd "$(dirname "$0")/../.."
registry=storeplane push='' kind='' k3s='' compose='' images=() extra=()
while [[ $# -gt 0 ]]; do
  case "$1" in
    --registry) registry="${2:?--registry needs a name}"; shift ;;
    --push) push=yes ;;
    --kind) kind="${2:?--kind needs the name of a cluster}"; shift ;;
    --k3s) k3s=yes ;;
    --compose) compose=yes ;;
    -h | --help) usage; exit 0 ;;
    --) shift; extra=("$@"); break ;;
    platform | medusa | storefront) images+=("$1") ;;
    *) fail "unknown word '$1'; see --help." ;;
  esac
  shift
done
[[ ${#images[@]} -gt 0 ]] || images=(platform medusa storefront)
command -v docker >/dev/null || fail "docker is not on the PATH; without Docker, ./storeplane up needs no images."
[[ -z "$push" || "$registry" != storeplane ]] || fail "--push needs --registry."

name_of() {
  local tag="${TAG:-0.1.0}"
  [[ "$1" != medusa ]] || tag="$(sed -n 's|.*"@medusajs/medusa": "\([0-9.]*\)".*|\1|p' deploy/images/medusa/package.json)"
  echo "$registry/$1:$tag"
}

for image in "${images[@]}"; do
  name="$(name_of "$image")"
  context=.
  [[ "$image" != medusa ]] || context=deploy/images/medusa
  echo "Building $name …"
  arguments=(--file "deploy/images/$image/Dockerfile" --tag "$name" ${extra[@]+"${extra[@]}"})
  if [[ -n "$push" ]]; then
    docker buildx build "${arguments[@]}" --sbom=true --provenance=true --push "$context"
  else
    # Without attestations: `docker save` leaves them out of an image that names them, and `ctr` then imports nothing
    # (kubernetes-sigs/kind#3795). By a variable, which a buildx before 0.10 doesn't know and doesn't mind.
    BUILDX_NO_DEFAULT_ATTESTATIONS=1 docker buildx build "${arguments[@]}" --load "$context"
  fi
  [[ -z "$kind" ]] || kind load docker-image "$name" --name "$kind"
  [[ -z "$k3s" ]] || docker save "$name" | k3s ctr images import -
  [[ -z "$compose" ]] || docker save "$name" |
    docker compose --file docker-compose.dev.yml exec --no-TTY k3s ctr --namespace k8s.io images import -
done
