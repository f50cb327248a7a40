import { Button, CopyButton, Group, Stack, Text } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { api } from "../../api/endpoints";
import type { Credentials, Verdict } from "../../api/types";
import { ProblemAlert } from "../../components/ProblemAlert";

const labels: Record<keyof Credentials, string> = {
  admin_url: "Admin",
  admin_email: "E-mail",
  admin_password: "Password",
  backend_url: "Backend",
  publishable_key: "Publishable key",
};

/** The logins of a store. They are asked for on a click, shown until hidden, and kept nowhere. */
export function CredentialsPanel({ name, verdict }: { name: string; verdict: Verdict | undefined }) {
  const reading = useMutation({ mutationFn: () => api.credentials(name), gcTime: 0 });
  if (verdict && !verdict.allowed) return <Text c="dimmed">{verdict.reason}</Text>;
  if (!reading.data) {
    return (
      <Stack align="flex-start">
        <Text size="sm" c="dimmed">
          E-mail and password for the shop's admin. Each look at them is noted in the audit.
        </Text>
        {reading.isError && <ProblemAlert title="They can't be shown" error={reading.error} />}
        <Button
          variant="default"
          loading={reading.isPending}
          onClick={() => reading.mutate()}
          data-testid="show-credentials"
        >
          Show credentials
        </Button>
      </Stack>
    );
  }
  const credentials = reading.data;
  return (
    <Stack align="flex-start">
      <dl className="facts" data-testid="credentials">
        {(Object.keys(labels) as (keyof Credentials)[]).map((key) => (
          <Entry key={key} label={labels[key]} value={credentials[key]} />
        ))}
      </dl>
      <Button variant="default" onClick={() => reading.reset()}>
        Hide
      </Button>
    </Stack>
  );
}

function Entry({ label, value }: { label: string; value: string }) {
  return (
    <>
      <dt>{label}</dt>
      <dd>
        <Group gap="xs">
          <code>{value}</code>
          <CopyButton value={value}>
            {({ copied, copy }) => (
              <Button variant="default" size="compact-xs" onClick={copy} aria-label={`Copy ${label}`}>
                {copied ? "Copied" : "Copy"}
              </Button>
            )}
          </CopyButton>
        </Group>
      </dd>
    </>
  );
}
