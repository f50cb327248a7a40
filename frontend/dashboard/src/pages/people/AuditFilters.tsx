import { Button, Group, TextInput } from "@mantine/core";
import { useState, type FormEvent } from "react";
import { auditFields, filterOf, fromInput, toInput, type AuditField, type AuditFilter } from "../../domain/audit";

const fields: Record<AuditField, { label: string; placeholder?: string }> = {
  action: { label: "Action", placeholder: "store.delete, token." },
  actor: { label: "Who", placeholder: "user name" },
  target: { label: "Target", placeholder: "store, token, user" },
  request_id: { label: "Request id" },
  since: { label: "Since" },
  until: { label: "Until" },
};

/** What the audit is narrowed by. It is applied by Enter or the button, so that typing asks for nothing. */
export function AuditFilters({ filter, onApply }: { filter: AuditFilter; onApply: (filter: AuditFilter) => void }) {
  const [draft, setDraft] = useState(() => draftOf(filter));
  const [applied, setApplied] = useState(filter);
  // The address has changed by a link or by going back.
  if (applied !== filter) {
    setApplied(filter);
    setDraft(draftOf(filter));
  }

  function submit(event: FormEvent) {
    event.preventDefault();
    onApply({ ...draft, since: fromInput(draft.since), until: fromInput(draft.until) });
  }

  return (
    <form onSubmit={submit} aria-label="Filters" role="search">
      <div className="filters">
        {auditFields.map((field) => {
          const isTime = field === "since" || field === "until";
          return (
            <TextInput
              key={field}
              {...fields[field]}
              type={isTime ? "datetime-local" : "text"}
              size="sm"
              className={isTime ? "time" : undefined}
              autoComplete="off"
              spellCheck={false}
              value={draft[field]}
              onChange={({ currentTarget: { value } }) => setDraft((before) => ({ ...before, [field]: value }))}
            />
          );
        })}
        <Group gap="xs" wrap="nowrap">
          <Button type="submit" variant="default">
            Apply
          </Button>
          <Button variant="subtle" onClick={() => onApply(filterOf(new URLSearchParams()))}>
            Clear
          </Button>
        </Group>
      </div>
    </form>
  );
}

/** As it stands in the inputs: times are local and to the minute there. */
function draftOf(filter: AuditFilter): AuditFilter {
  return { ...filter, since: toInput(filter.since), until: toInput(filter.until) };
}
