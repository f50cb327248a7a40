import { Anchor, Button, Group, Radio, Select, Stack, Text, TextInput } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useState, type FormEvent } from "react";
import { Link, useNavigate } from "react-router";
import { ApiError, explain } from "../api/http";
import { api } from "../api/endpoints";
import { useAvailability, useEngines, usePlans } from "../api/queries";
import type { Availability, EngineName, NewStore, PlanName } from "../api/types";
import { PageTitle } from "../components/PageTitle";
import { ProblemAlert } from "../components/ProblemAlert";
import { Quota } from "../components/Quota";
import { addressOf, problemWith } from "../domain/names";
import { resources } from "../domain/plans";
import { useLive } from "../live/LiveContext";
import { useTenant } from "../tenant/TenantContext";

/** The form for a new store. */
export default function NewStorePage() {
  const navigate = useNavigate();
  const { refreshOne } = useLive();
  const choice = useTenant();
  const able = choice.tenants.filter((tenant) => tenant.role !== "viewer");
  const [name, setName] = useState("");
  const [displayName, setDisplayName] = useState("");
  const [engine, setEngine] = useState<EngineName>("medusa");
  const [plan, setPlan] = useState<PlanName | null>(null);
  const [picked, setPicked] = useState<string | null>(null);
  const [submitted, setSubmitted] = useState(false);
  // Until one is picked here, the one of all pages.
  const slug = picked ?? choice.tenant?.slug;
  // Who is in several names one, also where only one would take the store: others may have taken them into it unasked.
  const several = choice.tenants.length > 1;
  const tenant = able.find((each) => each.slug === slug) ?? (several ? undefined : able[0]);
  const unnamed = several && able.length > 0 && !tenant;
  const create = useMutation({
    mutationFn: (wish: NewStore) => api.createStore(wish),
    onSuccess: async (store) => {
      await refreshOne(store.name);
      void navigate(`/ui/stores/${store.name}`);
    },
  });
  const refusal = create.error instanceof ApiError ? create.error : null;
  const refused = (field: string) =>
    create.variables?.name === name || field !== "name" ? refusal?.field(field) : undefined;
  const seen = useSeenProblem(name, submitted);
  const answer = useAvailability(name, name !== "" && seen === null);
  const nameProblem = seen ?? refused("name") ?? (answer?.reason || null);

  function submit(event: FormEvent) {
    event.preventDefault();
    setSubmitted(true);
    if (name === "" || problemWith(name)) {
      document.getElementById("name")?.focus();
      return;
    }
    if (unnamed) {
      document.getElementById("tenant")?.focus();
      return;
    }
    create.mutate({
      name,
      engine,
      ...(plan ? { plan } : {}),
      ...(displayName.trim() ? { display_name: displayName.trim() } : {}),
      ...(tenant ? { tenant: tenant.slug } : {}),
    });
  }

  return (
    <form onSubmit={submit} noValidate aria-label="New store">
      <Stack maw="44rem" gap="lg">
        <PageTitle>New store</PageTitle>
        <TextInput
          id="name"
          label="Name"
          description="Becomes part of the shop's address and can't be changed later."
          required
          autoComplete="off"
          autoCapitalize="none"
          spellCheck={false}
          value={name}
          error={nameProblem}
          onChange={(event) => setName(event.currentTarget.value)}
        />
        <AddressPreview name={name} sound={name !== "" && !nameProblem} answer={answer} />
        <TextInput
          label="Display name"
          description="What shoppers read; the name if left empty."
          value={displayName}
          error={refused("display_name")}
          onChange={(event) => setDisplayName(event.currentTarget.value)}
        />
        {several && able.length > 0 && (
          <Select
            id="tenant"
            label="Tenant"
            placeholder="Whose store it is"
            data={able.map((each) => ({ value: each.slug, label: each.name }))}
            value={tenant?.slug ?? null}
            allowDeselect={false}
            error={submitted && unnamed ? "Say for which tenant the store is." : refused("tenant")}
            onChange={setPicked}
          />
        )}
        <EngineChoice value={engine} onChange={setEngine} />
        <PlanChoice value={plan ?? tenant?.plan ?? null} onChange={setPlan} error={refused("plan")} />
        {tenant && <Quota tenant={tenant} />}
        <div role="alert">
          {create.isError && !refused("name") && <ProblemAlert title="The store was not made" error={create.error} />}
        </div>
        <Group>
          <Button type="submit" loading={create.isPending} data-testid="create-store">
            Make the store
          </Button>
          <Anchor component={Link} to="/">
            Back to all stores
          </Anchor>
        </Group>
      </Stack>
    </form>
  );
}

/** What is wrong with the name as far as it can be told here; an empty name only once the form was sent. */
function useSeenProblem(name: string, submitted: boolean): string | null {
  const { state } = useLive();
  if (name === "" && submitted) return "Give the store a name.";
  const taken = Object.values(state.stores).some((store) => store.name === name && store.phase !== "Deleting");
  return problemWith(name) ?? (taken ? `You have a store named ${name} already.` : null);
}

interface AddressPreviewProps {
  name: string;
  sound: boolean;
  answer: Availability | undefined;
}

function AddressPreview({ name, sound, answer }: AddressPreviewProps) {
  const { state } = useLive();
  if (!sound) return null;
  const leaving = Object.values(state.stores).some((store) => store.name === name);
  const known = Object.values(state.stores).find((store) => store.url !== "");
  // What can be worked out is there at once, what the platform says after a moment.
  const address = answer?.url ?? addressOf(name, known);
  return (
    <Text size="sm" role="status">
      {address ? (
        <>
          The shop will be at <strong>{address}</strong>
        </>
      ) : (
        <>
          The shop's address will begin with <strong>{name}.</strong>
        </>
      )}
      {leaving
        ? " An earlier store of this name is still being removed; the new one waits for that."
        : answer?.available && ". The name is free."}
    </Text>
  );
}

function EngineChoice({ value, onChange }: { value: EngineName; onChange: (engine: EngineName) => void }) {
  const { data, error, refetch } = useEngines();
  if (error) return <ProblemAlert title="The engines can't be shown" error={error} retry={() => void refetch()} />;
  const chosen = data?.find((engine) => engine.name === value);
  return (
    <Radio.Group label="Engine" value={value} onChange={(engine) => onChange(engine as EngineName)}>
      <div className="choices">
        {(data ?? []).map((engine) => (
          <Radio
            className="choice"
            key={engine.name}
            value={engine.name}
            label={engine.available ? engine.label : `${engine.label} (coming soon)`}
            description={engine.description}
          />
        ))}
      </div>
      {chosen && !chosen.available && (
        <Text size="sm" mt="xs" role="status">
          {chosen.message}
        </Text>
      )}
    </Radio.Group>
  );
}

interface PlanChoiceProps {
  value: PlanName | null;
  onChange: (plan: PlanName) => void;
  error: string | undefined;
}

function PlanChoice({ value, onChange, error }: PlanChoiceProps) {
  const plans = usePlans();
  if (plans.error) return <Text>{explain(plans.error)}</Text>;
  return (
    <Radio.Group label="Plan" value={value} onChange={(plan) => onChange(plan as PlanName)} error={error}>
      <div className="choices">
        {(plans.data ?? []).map((plan) => (
          <Radio
            className="choice"
            key={plan.name}
            value={plan.name}
            label={plan.label}
            description={`${plan.description} ${resources(plan)}`}
          />
        ))}
      </div>
    </Radio.Group>
  );
}
