import { Button, Group, Select, Stack, Text } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useNavigate } from "react-router";
import { api } from "../api/endpoints";
import { keys, useMembers } from "../api/queries";
import type { Me, Member, Role, Tenant } from "../api/types";
import { ConfirmDialog } from "../components/ConfirmDialog";
import { PageTitle } from "../components/PageTitle";
import { ProblemAlert } from "../components/ProblemAlert";
import { Pages, Rows, type Column } from "../components/Rows";
import { LocalTime } from "../components/Time";
import { rolesUpTo } from "../domain/tenants";
import { useLive } from "../live/LiveContext";
import { useTenant } from "../tenant/TenantContext";
import { AddMember } from "./people/AddMember";

/** Who is in the tenant. Everybody in it may look, owners may change. */
export default function MembersPage({ me }: { me: Me }) {
  const { tenants, tenant, choose } = useTenant();
  if (tenant) return <Members key={tenant.slug} me={me} tenant={tenant} />;
  return (
    <Stack align="flex-start">
      <PageTitle>Members</PageTitle>
      <Text>{tenants.length === 0 ? "You are in no tenant." : "Of which tenant?"}</Text>
      <Group>
        {tenants.map((each) => (
          <Button key={each.slug} variant="default" onClick={() => choose(each.slug)}>
            {each.name}
          </Button>
        ))}
      </Group>
    </Stack>
  );
}

function Members({ me, tenant }: { me: Me; tenant: Tenant }) {
  const [leaving, setLeaving] = useState<Member | null>(null);
  const navigate = useNavigate();
  const { refresh } = useLive();
  const client = useQueryClient();
  const members = useMembers(tenant.slug);
  const lookAgain = () => client.invalidateQueries({ queryKey: keys.members });
  // What the person may do hangs on their own role.
  const change = useMutation({
    mutationFn: ({ id, role }: { id: number; role: Role }) => api.changeMember(tenant.slug, id, role),
    onSuccess: () => Promise.all([lookAgain(), client.invalidateQueries({ queryKey: keys.me })]),
  });
  const owner = tenant.role === "owner";
  const isMe = (member: Member) => member.user === me.username;

  async function afterRemoval() {
    if (!leaving || !isMe(leaving)) return lookAgain();
    await navigate("/");
    // What was known of the tenant is not theirs to see any more.
    for (const queryKey of [keys.members, keys.tokens, keys.audit]) client.removeQueries({ queryKey });
    return Promise.all([client.invalidateQueries({ queryKey: keys.me }), refresh()]);
  }

  return (
    <Stack>
      <PageTitle>{`Members of ${tenant.name}`}</PageTitle>
      {owner ? (
        <AddMember tenant={tenant.slug} onAdded={lookAgain} />
      ) : (
        <Text c="dimmed">You are {tenant.role} here; owners take people in and give them roles.</Text>
      )}
      {change.error && <ProblemAlert title="The role was not changed" error={change.error} />}
      <Pages pages={members} what="members" empty="Nobody is in this tenant.">
        {(rows) => (
          <Rows
            label="Members"
            rows={rows}
            testId={({ user }) => `member-${user}`}
            columns={columns({
              isMe,
              owner,
              pending: change.isPending,
              onRole: (member, role) => change.mutate({ id: member.id, role }),
              onRemove: setLeaving,
            })}
          />
        )}
      </Pages>
      {leaving && (
        <ConfirmDialog
          title={isMe(leaving) ? `Leave ${tenant.name}?` : `Remove ${leaving.name}?`}
          consequence={
            isMe(leaving)
              ? "You see its stores no more, and your tokens for it stop working. An owner can take you in again."
              : "They see its stores no more, and their tokens for it stop working."
          }
          yes={isMe(leaving) ? "Leave" : "Remove"}
          no="Stay as it is"
          refused={isMe(leaving) ? "You are still in it" : "They were not removed"}
          act={() => api.removeMember(tenant.slug, leaving.id)}
          onDone={afterRemoval}
          onClose={() => setLeaving(null)}
        />
      )}
    </Stack>
  );
}

interface Doings {
  isMe: (member: Member) => boolean;
  owner: boolean;
  pending: boolean;
  onRole: (member: Member, role: Role) => void;
  onRemove: (member: Member) => void;
}

function columns({ isMe, owner, pending, onRole, onRemove }: Doings): Column<Member>[] {
  return [
    {
      title: "Who",
      cell: (member) => (
        <>
          {member.name}
          {isMe(member) && <span className="sub"> (you)</span>}
          {member.name !== member.user && <div className="sub">{member.user}</div>}
        </>
      ),
    },
    {
      title: "Role",
      cell: (member) =>
        owner ? (
          <Select
            aria-label={`Role of ${member.name}`}
            size="xs"
            w="8rem"
            allowDeselect={false}
            disabled={pending}
            data={rolesUpTo("owner")}
            value={member.role}
            onChange={(role) => role && role !== member.role && onRole(member, role as Role)}
          />
        ) : (
          member.role
        ),
    },
    { title: "Since", cell: (member) => <LocalTime time={member.since} /> },
    {
      title: "Action",
      cell: (member) =>
        (owner || isMe(member)) && (
          <Button
            variant="default"
            size="xs"
            aria-label={isMe(member) ? "Leave this tenant" : `Remove ${member.name}`}
            onClick={() => onRemove(member)}
            data-testid="remove-member"
          >
            {isMe(member) ? "Leave…" : "Remove…"}
          </Button>
        ),
    },
  ];
}
