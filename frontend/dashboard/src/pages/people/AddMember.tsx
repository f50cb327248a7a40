import { Button, Group, NativeSelect, Stack, TextInput } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useState, type FormEvent } from "react";
import { api } from "../../api/endpoints";
import { ApiError } from "../../api/http";
import type { Role } from "../../api/types";
import { ProblemAlert } from "../../components/ProblemAlert";
import { rolesUpTo, roleWords } from "../../domain/tenants";

/** The form by which an owner takes somebody in. */
export function AddMember({ tenant, onAdded }: { tenant: string; onAdded: () => unknown }) {
  const [user, setUser] = useState("");
  const [role, setRole] = useState<Role>("member");
  const add = useMutation({
    mutationFn: () => api.addMember(tenant, { user: user.trim(), role }),
    onSuccess: async () => {
      setUser("");
      await onAdded();
    },
  });
  const refusal = add.error instanceof ApiError ? add.error.field("user") : undefined;

  function submit(event: FormEvent) {
    event.preventDefault();
    if (user.trim()) add.mutate();
    else document.getElementById("member-user")?.focus();
  }

  return (
    <form onSubmit={submit} aria-label="Add a member">
      <Stack gap="xs">
        <Group align="flex-start">
          <TextInput
            id="member-user"
            label="Add somebody"
            description="Their user name or X-User-Id; they must have come here once."
            required
            maxLength={150}
            autoComplete="off"
            autoCapitalize="none"
            spellCheck={false}
            miw="min(20rem, 100%)"
            value={user}
            error={refusal}
            onChange={(event) => {
              setUser(event.currentTarget.value);
              add.reset();
            }}
          />
          <NativeSelect
            label="Role"
            description="What they may do"
            value={role}
            onChange={(event) => setRole(event.currentTarget.value as Role)}
            data={rolesUpTo("owner").map((each) => ({ value: each, label: roleWords[each] }))}
          />
        </Group>
        {add.isError && !refusal && <ProblemAlert title="They were not taken in" error={add.error} />}
        <Group>
          <Button type="submit" loading={add.isPending} data-testid="add-member">
            Add
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
