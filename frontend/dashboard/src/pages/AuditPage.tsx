import { Anchor, Stack, Text } from "@mantine/core";
import { useMemo } from "react";
import { Link, useSearchParams } from "react-router";
import { useAudit } from "../api/queries";
import type { AuditEntry } from "../api/types";
import { PageTitle } from "../components/PageTitle";
import { Pages, Rows, type Column } from "../components/Rows";
import { LocalTime } from "../components/Time";
import { changes, filterOf, paramsOf, type Change } from "../domain/audit";
import { useTenant } from "../tenant/TenantContext";
import { AuditFilters } from "./people/AuditFilters";

/** Who did what, for owners. What it is narrowed by is part of the address. */
export default function AuditPage() {
  const { tenants, tenant } = useTenant();
  const [params, setParams] = useSearchParams();
  const filter = useMemo(() => filterOf(params), [params]);
  const mayRead = (tenant ? [tenant] : tenants).some((each) => each.role === "owner");
  const entries = useAudit({ ...filter, tenant: tenant?.slug ?? null }, mayRead);
  const filtered = paramsOf(filter).size > 0;
  return (
    <Stack>
      <PageTitle>Audit</PageTitle>
      {mayRead ? (
        <>
          <AuditFilters filter={filter} onApply={(next) => setParams(paramsOf(next))} />
          <Pages pages={entries} what="audit" empty={filtered ? nothingLikeThat : nothingYet}>
            {(rows) => (
              <Rows label="Audit" columns={columns(tenant === null)} rows={rows} testId={({ id }) => `audit-${id}`} />
            )}
          </Pages>
        </>
      ) : (
        <Text data-testid="owners-only">
          {tenant ? `You are ${tenant.role} of ${tenant.name}; its` : "A tenant's"} audit is for its owners. Ask one of
          them, or to be made one.
        </Text>
      )}
    </Stack>
  );
}

const nothingLikeThat = "No entry is like that. Narrow it by something else, or clear the filters.";
const nothingYet =
  "Nothing has been noted yet. Here will stand each store that is made, changed or deleted, each look at credentials, " +
  "each token that is made or revoked, and each change of members: who did it, when, from where, and what it changed.";

function columns(severalTenants: boolean): Column<AuditEntry>[] {
  const all: (Column<AuditEntry> | false)[] = [
    { title: "When", cell: (entry) => <LocalTime time={entry.at} /> },
    {
      title: "Who",
      cell: (entry) => (
        <>
          {entry.actor} <div className="sub">by {[entry.via, entry.address].filter(Boolean).join(" from ")}</div>
        </>
      ),
    },
    { title: "Action", cell: (entry) => <code>{entry.action}</code> },
    severalTenants && { title: "Tenant", cell: (entry) => entry.tenant ?? "none" },
    { title: "Target", cell: (entry) => entry.target },
    { title: "Change", cell: (entry) => <Changes entry={entry} /> },
    { title: "Request", cell: (entry) => <RequestLink id={entry.request_id} /> },
  ];
  return all.filter((column) => column !== false);
}

function Changes({ entry }: { entry: AuditEntry }) {
  const all = changes(entry);
  if (all.length === 0) return <span className="sub">nothing to compare</span>;
  return (
    <ul className="changes">
      {all.map((change) => (
        <li key={change.field}>
          <span className="sub">{change.field}</span> <Values change={change} />
        </li>
      ))}
    </ul>
  );
}

function Values({ change: { before, after } }: { change: Change }) {
  if (before === null) return after;
  if (after === null) return <>was {before}</>;
  return (
    <>
      {before}{" "}
      <span role="img" aria-label="became">
        →
      </span>{" "}
      {after}
    </>
  );
}

/** All that one request did. */
function RequestLink({ id }: { id: string }) {
  if (!id) return <span className="sub">none</span>;
  return (
    <Anchor component={Link} size="sm" to={`/ui/audit?request_id=${encodeURIComponent(id)}`} title={id}>
      {id.length > 12 ? `${id.slice(0, 12)}…` : id}
    </Anchor>
  );
}
