import { Alert, Button, CopyButton, Group, NativeSelect, Stack, TextInput } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useState, type FormEvent } from "react";
import { api } from "../../api/endpoints";
import { ApiError } from "../../api/http";
import type { NewToken, Role, TokenWish } from "../../api/types";
import { Dialog } from "../../components/Dialog";
import { ProblemAlert } from "../../components/ProblemAlert";
import { rolesUpTo, roleWords } from "../../domain/tenants";
import { lifetimes } from "../../domain/tokens";
import { useTenant } from "../../tenant/TenantContext";

interface NewTokenDialogProps {
  onMade: () => unknown;
  onClose: () => void;
}

/** Asks for a token, then shows its secret, this once. The secret lives in this dialog and goes with it. */
export function NewTokenDialog({ onMade, onClose }: NewTokenDialogProps) {
  const make = useMutation({ mutationFn: api.createToken, onSuccess: () => void onMade(), gcTime: 0 });
  return (
    <Dialog
      title={make.data ? `${make.data.name} is made` : "New token"}
      opened
      onClose={onClose}
      locked={Boolean(make.data)}
    >
      {make.data ? (
        <Secret token={make.data} onClose={onClose} />
      ) : (
        <Form onSubmit={make.mutate} onClose={onClose} pending={make.isPending} error={make.error} />
      )}
    </Dialog>
  );
}

interface FormProps {
  onSubmit: (wish: TokenWish) => void;
  onClose: () => void;
  pending: boolean;
  error: Error | null;
}

function Form({ onSubmit, onClose, pending, error }: FormProps) {
  const { tenants, tenant: chosen } = useTenant();
  const [name, setName] = useState("");
  const [slug, setSlug] = useState((chosen ?? tenants[0])?.slug ?? "");
  const [wanted, setRole] = useState<Role>("member");
  const [days, setDays] = useState("90");
  const [missing, setMissing] = useState(false);
  const own = tenants.find((each) => each.slug === slug)?.role ?? "viewer";
  const roles = rolesUpTo(own);
  // Another tenant may allow less.
  const role = roles.includes(wanted) ? wanted : own;
  const refused = (field: string) => (error instanceof ApiError ? error.field(field) : undefined);

  function submit(event: FormEvent) {
    event.preventDefault();
    setMissing(name.trim() === "");
    if (name.trim() === "") document.getElementById("token-name")?.focus();
    else onSubmit({ name: name.trim(), role, tenant: slug, ...(days ? { expires_in_days: Number(days) } : {}) });
  }

  return (
    <form onSubmit={submit} noValidate>
      <Stack>
        <TextInput
          id="token-name"
          label="Name"
          description="What it is for, such as the program that will use it."
          required
          maxLength={100}
          autoComplete="off"
          value={name}
          error={missing && name.trim() === "" ? "Give the token a name." : refused("name")}
          onChange={(event) => setName(event.currentTarget.value)}
          data-autofocus
        />
        {tenants.length > 1 && (
          <NativeSelect
            label="Tenant"
            value={slug}
            error={refused("tenant")}
            onChange={(event) => setSlug(event.currentTarget.value)}
            data={tenants.map((each) => ({ value: each.slug, label: each.name }))}
          />
        )}
        <NativeSelect
          label="Role"
          description={`At most your own, which is ${own} there.`}
          value={role}
          error={refused("role")}
          onChange={(event) => setRole(event.currentTarget.value as Role)}
          data={roles.map((each) => ({ value: each, label: roleWords[each] }))}
        />
        <NativeSelect
          label="Expires after"
          value={days}
          error={refused("expires_in_days")}
          onChange={(event) => setDays(event.currentTarget.value)}
          data={lifetimes}
        />
        {error && <ProblemAlert title="The token was not made" error={error} />}
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" loading={pending} data-testid="make-token">
            Make the token
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

function Secret({ token, onClose }: { token: NewToken; onClose: () => void }) {
  return (
    <>
      <Alert color="yellow" variant="outline" title="Copy it now" role="alert">
        This is the only time that the token is shown. The platform keeps a digest of it: nobody can show it again. Keep
        it like a password.
      </Alert>
      <code className="secret" data-testid="token-secret">
        {token.token}
      </code>
      <Group justify="flex-end">
        <CopyButton value={token.token}>
          {({ copied, copy }) => (
            <Button variant="default" onClick={copy} data-autofocus>
              {copied ? "Copied" : "Copy the token"}
            </Button>
          )}
        </CopyButton>
        <Button onClick={onClose} data-testid="token-kept">
          I have kept it
        </Button>
      </Group>
    </>
  );
}
