import { Button, Popover, Stack, Text } from "@mantine/core";
import { explain } from "../api/http";
import { useHealth } from "../api/queries";
import type { Health } from "../api/types";

/** The parts of the platform: one word in the header, each part behind a click. */
export function HealthMenu() {
  const { data, error } = useHealth();
  const down = data ? Object.values(data.checks).filter((check) => !check.ok).length : 0;
  const bad = down > 0 || Boolean(error);
  return (
    <Popover width={340} position="bottom-end" withArrow shadow="md" trapFocus>
      <Popover.Target>
        <Button variant="default" size="sm" c={bad ? "var(--bad)" : undefined}>
          <span aria-hidden="true">{bad ? "⚠" : "✓"}&nbsp;</span>
          <span className="roomy">{summary(data, error, down)}</span>
        </Button>
      </Popover.Target>
      <Popover.Dropdown aria-label="Health of the parts">
        {error && !data ? <Text size="sm">{explain(error)}</Text> : <Parts checks={data?.checks ?? {}} />}
      </Popover.Dropdown>
    </Popover>
  );
}

function summary(data: Health | undefined, error: unknown, down: number): string {
  if (error) return "Platform can't be reached";
  if (!data) return "Health…";
  if (down === 0) return "All parts work";
  return down === 1 ? "1 part is down" : `${down} parts are down`;
}

function Parts({ checks }: { checks: Health["checks"] }) {
  return (
    <Stack gap="xs" component="ul" m={0} p={0} style={{ listStyle: "none" }}>
      {Object.entries(checks).map(([name, check]) => (
        <li key={name}>
          <Text size="sm" fw={600}>
            <span style={{ color: check.ok ? "var(--ok)" : "var(--bad)" }} aria-hidden="true">
              {check.ok ? "✓" : "✗"}
            </span>{" "}
            {name} {check.ok ? "" : "(down)"}
          </Text>
          <Text size="sm" c="dimmed">
            {check.message}
          </Text>
        </li>
      ))}
    </Stack>
  );
}
