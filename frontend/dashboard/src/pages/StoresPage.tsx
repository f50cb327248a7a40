import { Alert, Anchor, Button, Group, Select, Skeleton, Stack, Text, TextInput } from "@mantine/core";
import { useDeferredValue, useMemo } from "react";
import { Link, useSearchParams } from "react-router";
import { explain } from "../api/http";
import { useEngines, useHealth } from "../api/queries";
import type { Phase, Store } from "../api/types";
import { PageTitle } from "../components/PageTitle";
import { PhaseBadge } from "../components/PhaseBadge";
import { Quota } from "../components/Quota";
import { ProblemAlert } from "../components/ProblemAlert";
import { StoreTable } from "../components/StoreTable";
import { Work } from "../components/Work";
import { list, phases, totals, type SortKey, type Wish } from "../domain/listing";
import { useLive } from "../live/LiveContext";
import { useTenant } from "../tenant/TenantContext";

/** All stores of the person, as they are now. What is searched and sorted by is part of the address. */
export default function StoresPage() {
  const { state, error, refresh } = useLive();
  return (
    <Stack>
      <Group justify="space-between">
        <PageTitle>Stores</PageTitle>
        <Button component={Link} to="/ui/new" data-testid="new-store">
          New store
        </Button>
      </Group>
      <Quotas />
      {Boolean(error) && state.loaded && (
        <Alert color="yellow" variant="outline" title="This may be out of date" role="status">
          {explain(error)}
        </Alert>
      )}
      {state.loaded || Object.keys(state.stores).length > 0 ? (
        <Stores />
      ) : error ? (
        <ProblemAlert title="The stores can't be shown" error={error} retry={() => void refresh()} />
      ) : (
        <Placeholder />
      )}
    </Stack>
  );
}

/** Of more tenants than these the quotas would bury the stores. */
const quotasShown = 4;

function Quotas() {
  const { tenants, tenant } = useTenant();
  const shown = tenant ? [tenant] : tenants;
  if (shown.length === 0 || shown.length > quotasShown) return null;
  return (
    <div role="group" aria-label="Quota">
      {shown.map((each) => (
        <Quota key={each.slug} tenant={each} />
      ))}
    </div>
  );
}

function Stores() {
  const { state } = useLive();
  const [wish, setWish] = useWish();
  const engines = useEngines().data ?? [];
  const slots = useHealth().data?.slots ?? null;
  const { tenant } = useTenant();
  const all = useMemo(
    () => Object.values(state.stores).filter((store) => !tenant || store.tenant === tenant.slug),
    [state.stores, tenant?.slug],
  );
  // Typing goes before drawing a long list.
  const shownWish = useDeferredValue(wish);
  const shown = useMemo(() => list(all, shownWish), [all, shownWish]);
  if (all.length === 0) return <Empty />;
  return (
    <>
      <Stack gap={6}>
        <Totals all={all} wish={wish} setWish={setWish} />
        <Work stores={all} slots={slots} />
      </Stack>
      <div className="list-filters">
        <TextInput
          data-search
          type="search"
          label="Search"
          placeholder="name or tenant ( / )"
          value={wish.text}
          onChange={(event) => setWish({ ...wish, text: event.currentTarget.value })}
        />
        <Select
          label="Phase"
          placeholder="any"
          clearable
          clearButtonProps={{ "aria-label": "Any phase" }}
          data={phases}
          value={wish.phases[0] ?? null}
          onChange={(phase) => setWish({ ...wish, phases: phase ? [phase as Phase] : [] })}
        />
        <Select
          label="Engine"
          placeholder="any"
          clearable
          clearButtonProps={{ "aria-label": "Any engine" }}
          data={engines.map((engine) => ({ value: engine.name, label: engine.label }))}
          value={wish.engine}
          onChange={(engine) => setWish({ ...wish, engine })}
        />
        <Text size="sm" c="dimmed" role="status" pb={8}>
          {state.loaded ? `${shown.length} of ${all.length}` : `${all.length} so far…`}
        </Text>
      </div>
      {shown.length === 0 ? (
        <Text>No store is like that. Search for something else, or clear the filters.</Text>
      ) : (
        <StoreTable stores={shown} wish={wish} onSort={(sort) => setWish(turned(wish, sort))} />
      )}
    </>
  );
}

interface TotalsProps {
  all: readonly Store[];
  wish: Wish;
  setWish: (wish: Wish) => void;
}

/** How many stores are in each phase; a click shows those alone, another one all again. */
function Totals({ all, wish, setWish }: TotalsProps) {
  return (
    <div className="totals" aria-label="Totals by phase" role="group">
      {totals(all).map(([phase, count]) => {
        const chosen = wish.phases.includes(phase);
        return (
          <button
            key={phase}
            type="button"
            aria-pressed={chosen}
            onClick={() => setWish({ ...wish, phases: chosen ? [] : [phase] })}
          >
            <PhaseBadge phase={phase} /> {count}
          </button>
        );
      })}
    </div>
  );
}

function turned(wish: Wish, sort: SortKey): Wish {
  return { ...wish, sort, descending: wish.sort === sort && !wish.descending };
}

function useWish(): [Wish, (wish: Wish) => void] {
  const [params, setParams] = useSearchParams();
  const wish: Wish = {
    text: params.get("search") ?? "",
    phases: phases.filter((phase) => params.getAll("phase").includes(phase)),
    engine: params.get("engine"),
    sort: (["name", "phase", "engine", "created_at"] as const).find((key) => key === params.get("sort")) ?? "name",
    descending: params.has("descending"),
  };
  const setWish = (next: Wish) => {
    const wanted = new URLSearchParams();
    if (next.text) wanted.set("search", next.text);
    for (const phase of next.phases) wanted.append("phase", phase);
    if (next.engine) wanted.set("engine", next.engine);
    if (next.sort !== "name") wanted.set("sort", next.sort);
    if (next.descending) wanted.set("descending", "");
    setParams(wanted, { replace: true });
  };
  return [wish, setWish];
}

function Empty() {
  return (
    <Stack align="flex-start" maw="40rem" data-testid="no-stores">
      <Text>
        There is no store yet. A store is a shop with its own database, backend, admin and storefront, apart from all
        others. Give it a name, and in about half a minute it takes orders.
      </Text>
      <Button component={Link} to="/ui/new">
        Make the first store
      </Button>
      <Text size="sm" c="dimmed">
        By the API: <code>POST /stores</code> with <code>{'{"name": "my-shop", "engine": "medusa"}'}</code>, told in the{" "}
        <Anchor href="/docs">documentation</Anchor>.
      </Text>
    </Stack>
  );
}

function Placeholder() {
  return (
    <Stack gap="sm" role="status" aria-label="Loading the stores">
      {Array.from({ length: 5 }, (_, index) => (
        <Skeleton key={index} height={44} />
      ))}
    </Stack>
  );
}
