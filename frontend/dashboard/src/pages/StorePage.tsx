import { Alert, Anchor, Button, Group, Skeleton, Stack, Text, Title } from "@mantine/core";
import { Link, useParams } from "react-router";
import { useStoreDetail } from "../api/queries";
import type { Store, StoreDetail } from "../api/types";
import { StorePhase } from "../components/PhaseBadge";
import { PageTitle } from "../components/PageTitle";
import { Pipeline } from "../components/Pipeline";
import { ProblemAlert } from "../components/ProblemAlert";
import { Ago } from "../components/Time";
import { storeByName } from "../live/state";
import { useLive } from "../live/LiveContext";
import { NotFoundPage } from "./NotFoundPage";
import { Actions, RetryButton } from "./store/Actions";
import { ActivityLog } from "./store/ActivityLog";
import { Conditions } from "./store/Conditions";
import { CredentialsPanel } from "./store/CredentialsPanel";
import { Drift } from "./store/Drift";

/** One store: what it is, what is being done to it, and what can be done with it. */
export default function StorePage() {
  const { name = "" } = useParams();
  const { state, error, refresh } = useLive();
  const store = storeByName(state, name);
  if (store) return <StoreView key={store.id} store={store} />;
  if (!state.loaded && error) {
    return <ProblemAlert title="The store can't be shown" error={error} retry={() => void refresh()} />;
  }
  if (!state.loaded) return <Skeleton height={240} role="status" aria-label="Loading the store" />;
  const gone = state.events.some((event) => event.store === name && event.type === "DELETE_COMPLETE");
  return gone ? <Gone name={name} /> : <NotFoundPage what="store" />;
}

function StoreView({ store }: { store: Store }) {
  // What a caller may do changes with these, and only a fetch tells it.
  const version = [
    store.phase,
    store.generation,
    store.deletion_protection,
    store.suspended,
    store.operation?.state,
  ].join(" ");
  const { data: detail, error } = useStoreDetail(store.name, version);
  return (
    <Stack gap="xl">
      <Stack gap="xs">
        <Anchor component={Link} to="/" size="sm">
          All stores
        </Anchor>
        <Group justify="space-between">
          <Group className="title-row">
            <PageTitle>{store.display_name || store.name}</PageTitle>
            <StorePhase store={store} />
          </Group>
        </Group>
        {store.phase !== "Failed" && <Text data-testid="store-message">{store.message}</Text>}
      </Stack>
      {store.phase === "Failed" && <Failure store={store} detail={detail} />}
      {isOpen(store) && <Open store={store} detail={detail} />}
      <Section title={pipelineTitle(store)}>
        <Pipeline steps={store.pipeline} />
        {store.operation?.explanation && store.phase !== "Failed" && (
          <Text size="sm" c="dimmed" mt="xs" data-testid="explanation">
            {store.operation.explanation}
          </Text>
        )}
      </Section>
      {Boolean(error) && !detail && <ProblemAlert title="What you may do here is not known" error={error} />}
      <Section title="Activity">
        <ActivityLog store={store} first={detail?.events ?? []} />
      </Section>
      {detail && store.phase !== "ComingSoon" && (
        <Section title="Drift">
          <Drift store={store} verdict={detail.allowed_actions.change} />
        </Section>
      )}
      <Section title="Conditions">
        <Conditions conditions={store.conditions} />
      </Section>
      <Section title="Facts">
        <Facts store={store} />
      </Section>
      {detail && !isOpen(store) && <Logins store={store} detail={detail} />}
      {detail && (
        <Section title="Actions">
          <Actions store={store} allowed={detail.allowed_actions} />
        </Section>
      )}
    </Stack>
  );
}

function pipelineTitle(store: Store): string {
  const titles: Record<string, string> = { teardown: "Removal", reconcile: "Reconciliation" };
  return titles[store.operation?.kind ?? ""] ?? "Pipeline";
}

function Section({ title, children }: { title: string; children: React.ReactNode }) {
  const id = `section-${title.toLowerCase()}`;
  return (
    <section aria-labelledby={id}>
      <Title order={2} size="h4" mb="sm" id={id}>
        {title}
      </Title>
      {children}
    </section>
  );
}

function isOpen(store: Store): boolean {
  return store.phase === "Ready" || store.phase === "Degraded";
}

/** What the store was made for: the way in, for shoppers and for those who sell. */
function Open({ store, detail }: { store: Store; detail: StoreDetail | undefined }) {
  return (
    <div className={store.phase === "Ready" ? "open-store" : "open-store troubled"}>
      <Stack gap="sm" align="flex-start">
        <Text fw={600}>
          {store.phase === "Ready" ? "Your shop takes orders at" : "Your shop has trouble, it is at"}
        </Text>
        <Anchor href={store.url} target="_blank" rel="noreferrer" className="address">
          {store.url.replace(/^https?:\/\//, "")}
        </Anchor>
        <Group gap="sm">
          <Button component="a" href={store.url} target="_blank" rel="noreferrer" size="md" data-testid="open-shop">
            Open the shop
          </Button>
          {store.admin_url && (
            <Button component="a" href={store.admin_url} target="_blank" rel="noreferrer" variant="default" size="md">
              Open its admin
            </Button>
          )}
        </Group>
        <Text size="sm" c="dimmed">
          Put something into the cart and order it: the order appears in the admin under Orders.
        </Text>
      </Stack>
      {detail && <Logins store={store} detail={detail} />}
    </div>
  );
}

function Logins({ store, detail }: { store: Store; detail: StoreDetail }) {
  return (
    <Section title="Credentials">
      <CredentialsPanel name={store.name} verdict={detail.allowed_actions.credentials} />
    </Section>
  );
}

function Failure({ store, detail }: { store: Store; detail: StoreDetail | undefined }) {
  const step = store.pipeline.find((each) => each.state === "failed");
  const retry = detail?.allowed_actions.retry;
  return (
    <Alert color="red" variant="outline" title={step ? `${step.label} failed` : "This store failed"} role="alert">
      <Stack align="flex-start" gap="sm">
        <Text size="sm">
          {store.message || step?.error} {!retry?.allowed && retry?.reason}
        </Text>
        {retry?.allowed && <RetryButton name={store.name} verdict={retry} />}
      </Stack>
    </Alert>
  );
}

function Facts({ store }: { store: Store }) {
  return (
    <dl className="facts">
      <dt>Name</dt>
      <dd>{store.name}</dd>
      <dt>Tenant</dt>
      <dd>{store.tenant}</dd>
      <dt>Engine</dt>
      <dd>{store.engine}</dd>
      <dt>Plan</dt>
      <dd>{store.plan}</dd>
      <dt>Address</dt>
      <dd>{store.url || "none"}</dd>
      <dt>Asked for</dt>
      <dd>
        <Ago time={store.created_at} />
      </dd>
      {store.ready_at && (
        <>
          <dt>Ready</dt>
          <dd>
            <Ago time={store.ready_at} />
          </dd>
        </>
      )}
    </dl>
  );
}

function Gone({ name }: { name: string }) {
  return (
    <Stack align="flex-start" data-testid="store-gone">
      <PageTitle>{`${name} is gone`}</PageTitle>
      <Text>The store and everything that belonged to it has been removed. Its name is free again.</Text>
      <Anchor component={Link} to="/">
        All stores
      </Anchor>
    </Stack>
  );
}
