import { Button, Group, Stack, Switch, Text } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api } from "../api/endpoints";
import { keys, useTokens } from "../api/queries";
import type { Me, Token } from "../api/types";
import { ConfirmDialog } from "../components/ConfirmDialog";
import { PageTitle } from "../components/PageTitle";
import { Pages, Rows, type Column } from "../components/Rows";
import { Ago, LocalTime } from "../components/Time";
import { tokenState } from "../domain/tokens";
import { useTenant } from "../tenant/TenantContext";
import { NewTokenDialog } from "./people/NewTokenDialog";

/** The bearer tokens that the person may see: their own, and all of the tenants that they own. */
export default function TokensPage({ me }: { me: Me }) {
  const { tenant } = useTenant();
  const [all, setAll] = useState(false);
  const [making, setMaking] = useState(false);
  const [leaving, setLeaving] = useState<Token | null>(null);
  const client = useQueryClient();
  const lookAgain = () => client.invalidateQueries({ queryKey: keys.tokens });
  const tokens = useTokens({ tenant: tenant?.slug ?? null, revoked: all ? null : "false" });
  return (
    <Stack>
      <Group justify="space-between">
        <PageTitle>Tokens</PageTitle>
        {me.tenants.length > 0 && (
          <Button onClick={() => setMaking(true)} data-testid="new-token">
            New token
          </Button>
        )}
      </Group>
      <Text size="sm" c="dimmed" maw="44rem">
        A token lets a program speak for you in one tenant: it sends <code>Authorization: Bearer …</code>. It can do no
        more than its role says, and nothing any more once it is revoked.
      </Text>
      <Switch label="Show revoked ones, too" checked={all} onChange={(event) => setAll(event.currentTarget.checked)} />
      <Pages
        pages={tokens}
        what="tokens"
        empty="There is no token yet. Make one for each program that is to use the API, so that each can be revoked alone."
      >
        {(rows) => (
          <Rows label="Tokens" columns={columns(me, setLeaving)} rows={rows} testId={({ name }) => `token-${name}`} />
        )}
      </Pages>
      {making && <NewTokenDialog onMade={lookAgain} onClose={() => setMaking(false)} />}
      {leaving && (
        <ConfirmDialog
          title={`Revoke ${leaving.name}?`}
          consequence={`Whatever sends ${leaving.prefix}… is refused from then on. A revoked token can't be used again.`}
          yes="Revoke it"
          no="Keep it"
          refused="The token was not revoked"
          act={() => api.revokeToken(leaving.id)}
          onDone={lookAgain}
          onClose={() => setLeaving(null)}
        />
      )}
    </Stack>
  );
}

function columns(me: Me, onRevoke: (token: Token) => void): Column<Token>[] {
  return [
    {
      title: "Name",
      cell: (token) => (
        <>
          {token.name}
          <div className="sub">
            <code>{token.prefix}…</code>
            {token.user !== me.username && ` of ${token.user}`}
          </div>
        </>
      ),
    },
    { title: "Tenant", cell: (token) => token.tenant },
    { title: "Role", cell: (token) => token.role },
    { title: "Last used", cell: (token) => <LastUsed token={token} /> },
    { title: "Expires", cell: ({ expires_at }) => (expires_at ? <LocalTime time={expires_at} /> : "never") },
    { title: "State", cell: (token) => <State token={token} /> },
    {
      title: "Action",
      cell: (token) =>
        !token.revoked_at && (
          <Button
            variant="default"
            size="xs"
            aria-label={`Revoke ${token.name}`}
            onClick={() => onRevoke(token)}
            data-testid="revoke-token"
          >
            Revoke…
          </Button>
        ),
    },
  ];
}

function LastUsed({ token }: { token: Token }) {
  if (!token.last_used_at) return "never";
  return (
    <>
      <Ago time={token.last_used_at} />
      {token.last_used_from && <span className="sub"> from {token.last_used_from}</span>}
    </>
  );
}

function State({ token }: { token: Token }) {
  const state = tokenState(token, Date.now());
  return <span style={{ color: state === "valid" ? "var(--ok)" : "var(--bad)", fontWeight: 600 }}>{state}</span>;
}
