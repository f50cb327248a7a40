import { Button, Group, NativeSelect, Stack, Text } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { api } from "../../api/endpoints";
import { useDrift } from "../../api/queries";
import type { DriftPolicy, Finding, NewRule, Store, Verdict } from "../../api/types";
import { ProblemAlert } from "../../components/ProblemAlert";
import { Ago } from "../../components/Time";
import { driftVersion, ruleFor } from "../../domain/drift";
import { useLive } from "../../live/LiveContext";
import { useLookAgain } from "./Actions";
import { DriftRules } from "./DriftRules";

interface DriftProps {
  store: Store;
  /** On the action `change`. */
  verdict: Verdict | undefined;
}

/** What isn't as it was asked for, what is done about it, and what of it is fine. */
export function Drift({ store, verdict }: DriftProps) {
  const { state } = useLive();
  const version = driftVersion(state.events, store.name);
  const { data, error } = useDrift(store.name, version);
  const [draft, setDraft] = useState<NewRule | null>(null);
  const ignore = verdict?.allowed ? setDraft : undefined;
  return (
    <Stack>
      {Boolean(error) && !data && <ProblemAlert title="What has drifted is not known" error={error} />}
      {data && data.open.length > 0 && (
        <Findings label={`Open: ${data.open_total}`} findings={data.open} onIgnore={ignore} />
      )}
      {data && data.healed.length > 0 && (
        <details>
          <summary>Healed lately: {data.healed.length}</summary>
          <Findings label="Healed lately" findings={data.healed} />
        </details>
      )}
      <Policy store={store} verdict={verdict} />
      <DriftRules name={store.name} version={version} verdict={verdict} draft={draft} onDraft={setDraft} />
    </Stack>
  );
}

const policies: { value: DriftPolicy; label: string }[] = [
  { value: "heal", label: "Heal it: put back what was asked for" },
  { value: "warn", label: "Tell of it, change nothing" },
  { value: "off", label: "Don't look" },
];

function Policy({ store, verdict }: DriftProps) {
  const done = useLookAgain(store.name);
  const change = useMutation({
    mutationFn: (drift_policy: DriftPolicy) => api.changeStore(store.name, { drift_policy }),
    onSuccess: done,
  });
  return (
    <>
      <NativeSelect
        label="When something in the cluster is changed that nobody asked for"
        maw="34rem"
        data={policies}
        value={store.drift_policy}
        disabled={!verdict?.allowed || change.isPending}
        description={verdict?.allowed ? undefined : verdict?.reason}
        onChange={(event) => change.mutate(event.currentTarget.value as DriftPolicy)}
        data-testid="drift-policy"
      />
      {change.error && <ProblemAlert title="That did not work" error={change.error} />}
    </>
  );
}

interface FindingsProps {
  label: string;
  findings: readonly Finding[];
  onIgnore?: ((rule: NewRule) => void) | undefined;
}

const words = { missing: "is missing", changed: "was changed", foreign: "nobody asked for it" };

function Findings({ label, findings, onIgnore }: FindingsProps) {
  return (
    <ul className="findings" aria-label={label} data-testid="findings">
      {findings.map((finding) => (
        <li key={finding.id} data-testid={`finding-${finding.kind}-${finding.name}`} data-verdict={finding.verdict}>
          <div>
            <strong>
              {finding.kind} {finding.name}
            </strong>{" "}
            {words[finding.verdict]}, seen <Ago time={finding.detected_at} />
            {finding.healed_at && (
              <>
                , {finding.healed_by ? "healed" : "over since"} <Ago time={finding.healed_at} />
              </>
            )}
            {onIgnore && finding.differences.length === 0 && (
              <Ignore what={`${finding.kind} ${finding.name}`} onClick={() => onIgnore(ruleFor(finding))} />
            )}
          </div>
          {finding.differences.map((difference) => (
            <div key={difference.pointer} className="difference">
              <Group gap={0}>
                <code>{difference.path || "the object"}</code>
                {onIgnore && (
                  <Ignore
                    what={`${difference.path} of ${finding.name}`}
                    onClick={() => onIgnore(ruleFor(finding, difference))}
                  />
                )}
              </Group>
              <div className="wanted">
                <span>wanted</span> <code>{difference.wanted}</code>
              </div>
              <div className="found">
                <span>found</span> <code>{difference.found}</code>
              </div>
            </div>
          ))}
          {finding.differences.length === 0 && finding.message && (
            <Text size="sm" c="dimmed">
              {finding.message}
            </Text>
          )}
        </li>
      ))}
    </ul>
  );
}

function Ignore({ what, onClick }: { what: string; onClick: () => void }) {
  return (
    <Button variant="default" size="compact-xs" ml="xs" onClick={onClick} aria-label={`Ignore ${what}…`}>
      Ignore…
    </Button>
  );
}
