import { Button, Group, Stack, Text, TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent } from "react";
import { api } from "../../api/endpoints";
import { ApiError } from "../../api/http";
import { keys, useRules } from "../../api/queries";
import type { NewRule, Rule, Verdict } from "../../api/types";
import { ProblemAlert } from "../../components/ProblemAlert";
import { inWords } from "../../domain/drift";

const empty: NewRule = { kind: "", name: "", pointer: "", manager: "", reason: "" };

const fields: { name: keyof NewRule; label: string; placeholder: string }[] = [
  { name: "kind", label: "Kind", placeholder: "Deployment" },
  { name: "name", label: "Name or pattern", placeholder: "store-*" },
  { name: "pointer", label: "Field (JSON pointer), with all below it", placeholder: "/spec/replicas" },
  { name: "manager", label: "Set by (field manager)", placeholder: "kube-controller-manager" },
  { name: "reason", label: "Why it is fine", placeholder: "" },
];

interface DriftRulesProps {
  name: string;
  version: string;
  /** On the action `change`. */
  verdict: Verdict | undefined;
  /** A rule that is being written; null when none is. */
  draft: NewRule | null;
  onDraft: (rule: NewRule | null) => void;
}

/** What is ignored in the store: its own rules, and those of the platform. */
export function DriftRules({ name, version, verdict, draft, onDraft }: DriftRulesProps) {
  const { data: rules = [], error } = useRules(name, version);
  return (
    <Stack gap="xs" align="flex-start">
      {error && <ProblemAlert title="What is ignored is not known" error={error} />}
      {rules.length > 0 && (
        <ul className="rules" aria-label="Ignored differences" data-testid="drift-rules">
          {rules.map((rule) => (
            <Line key={rule.id} store={name} rule={rule} changeable={verdict?.allowed === true} />
          ))}
        </ul>
      )}
      {draft ? (
        <RuleForm store={name} draft={draft} onDraft={onDraft} />
      ) : (
        <Button variant="default" disabled={!verdict?.allowed} onClick={() => onDraft(empty)} data-testid="new-rule">
          Ignore a difference…
        </Button>
      )}
    </Stack>
  );
}

function Line({ store, rule, changeable }: { store: string; rule: Rule; changeable: boolean }) {
  const done = useRulesChanged();
  const remove = useMutation({ mutationFn: () => api.removeRule(store, rule.id), onSuccess: done });
  const words = inWords(rule);
  return (
    <li>
      Ignored: {words}.{rule.reason && ` ${rule.reason}`}{" "}
      {rule.scope === "platform" ? (
        <Text span size="sm" c="dimmed">
          In all stores.
        </Text>
      ) : (
        <Button
          variant="default"
          size="compact-xs"
          disabled={!changeable}
          loading={remove.isPending}
          onClick={() => remove.mutate()}
          aria-label={`No longer ignore ${words}`}
        >
          Remove
        </Button>
      )}
      {remove.error && <ProblemAlert title="It was not removed" error={remove.error} />}
    </li>
  );
}

interface RuleFormProps {
  store: string;
  draft: NewRule;
  onDraft: (rule: NewRule | null) => void;
}

function RuleForm({ store, draft, onDraft }: RuleFormProps) {
  const done = useRulesChanged();
  const add = useMutation({
    mutationFn: () => api.addRule(store, draft),
    onSuccess: async () => {
      onDraft(null);
      await done();
    },
  });
  const named = fields.some((field) => problemOf(add.error, field.name));

  function submit(event: FormEvent) {
    event.preventDefault();
    add.mutate();
  }

  return (
    <form onSubmit={submit} aria-label="Ignore a difference" data-testid="rule-form">
      <Stack gap="xs">
        <Text size="sm">All that is filled in must match; at least one of the first four is needed.</Text>
        {fields.map((field) => (
          <TextInput
            key={field.name}
            label={field.label}
            placeholder={field.placeholder}
            autoComplete="off"
            spellCheck={false}
            value={draft[field.name]}
            error={problemOf(add.error, field.name)}
            onChange={(event) => onDraft({ ...draft, [field.name]: event.currentTarget.value })}
          />
        ))}
        {add.error && !named && <ProblemAlert title="It is not ignored" error={add.error} />}
        <Group>
          <Button type="submit" loading={add.isPending}>
            Ignore it
          </Button>
          <Button variant="default" onClick={() => onDraft(null)}>
            Cancel
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

function problemOf(error: unknown, field: string): string | undefined {
  return error instanceof ApiError ? error.field(field) : undefined;
}

/** Fetches the rules, in case the live message about them gets lost. */
function useRulesChanged(): () => Promise<void> {
  const client = useQueryClient();
  return () => client.invalidateQueries({ queryKey: keys.rules });
}
