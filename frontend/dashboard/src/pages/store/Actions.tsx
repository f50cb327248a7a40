import { Button, Group, Modal, Stack, Switch, Text, TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState, type FormEvent } from "react";
import { api } from "../../api/endpoints";
import { keys } from "../../api/queries";
import type { Changes, Store, StoreDetail, Verdict } from "../../api/types";
import { ProblemAlert } from "../../components/ProblemAlert";
import { useLive } from "../../live/LiveContext";

interface ActionsProps {
  store: Store;
  allowed: StoreDetail["allowed_actions"];
}

/** What can be done to the store now, and for what can't be done, why. */
export function Actions({ store, allowed }: ActionsProps) {
  const done = useLookAgain(store.name);
  const [asking, setAsking] = useState(false);
  const change = useMutation({
    onSuccess: done,
    mutationFn: (wanted: Changes) => api.changeStore(store.name, wanted),
  });
  return (
    <Stack align="flex-start">
      {change.error && <ProblemAlert title="That did not work" error={change.error} />}
      {/* A failed store has it beside the reason of the failure. */}
      {store.phase !== "Failed" && (
        <Action verdict={allowed.retry}>
          <RetryButton name={store.name} verdict={allowed.retry} />
        </Action>
      )}
      <Action verdict={allowed.reconcile}>
        <ReconcileButton name={store.name} verdict={allowed.reconcile} />
      </Action>
      <Action verdict={store.suspended ? allowed.resume : allowed.suspend}>
        <Switch
          label="Suspend: do nothing to this store until it is resumed"
          checked={store.suspended}
          disabled={!(store.suspended ? allowed.resume : allowed.suspend)?.allowed || change.isPending}
          onChange={(event) => change.mutate({ suspended: event.currentTarget.checked })}
          data-testid="suspend-store"
        />
      </Action>
      <Action verdict={allowed.change}>
        <Switch
          label="Protect from deletion"
          checked={store.deletion_protection}
          disabled={!allowed.change?.allowed || change.isPending}
          onChange={(event) => change.mutate({ deletion_protection: event.currentTarget.checked })}
        />
      </Action>
      <Action verdict={allowed.delete}>
        <Button
          color="red.9"
          disabled={!allowed.delete?.allowed}
          onClick={() => setAsking(true)}
          data-testid="delete-store"
        >
          Delete this store…
        </Button>
      </Action>
      <DeleteDialog store={store} opened={asking} onClose={() => setAsking(false)} onDone={done} />
    </Stack>
  );
}

/** Starts a failed or degraded store's work again, with fresh counters. */
export function RetryButton({ name, verdict }: WorkProps) {
  return <WorkButton label="Try again" ask={() => api.retryStore(name)} name={name} verdict={verdict} />;
}

/** Has the store compared with what was asked for, and put right what differs. */
function ReconcileButton({ name, verdict }: WorkProps) {
  return <WorkButton label="Reconcile now" ask={() => api.reconcileStore(name)} name={name} verdict={verdict} />;
}

interface WorkProps {
  name: string;
  verdict: Verdict | undefined;
}

function WorkButton({ label, ask, name, verdict }: WorkProps & { label: string; ask: () => Promise<unknown> }) {
  const done = useLookAgain(name);
  const work = useMutation({ mutationFn: ask, onSuccess: done });
  return (
    <>
      <Button variant="default" disabled={!verdict?.allowed} loading={work.isPending} onClick={() => work.mutate()}>
        {label}
      </Button>
      {work.error && <ProblemAlert title="That did not work" error={work.error} />}
    </>
  );
}

/** Fetches what the person has just changed, in case the live message about it gets lost. */
export function useLookAgain(name: string): () => Promise<void> {
  const { refreshOne } = useLive();
  const client = useQueryClient();
  return async () => {
    await refreshOne(name);
    await client.invalidateQueries({ queryKey: keys.store });
  };
}

function Action({ verdict, children }: { verdict: Verdict | undefined; children: React.ReactNode }) {
  return (
    <Group gap="sm">
      {children}
      {verdict && !verdict.allowed && (
        <Text size="sm" c="dimmed">
          {verdict.reason}
        </Text>
      )}
    </Group>
  );
}

interface DeleteDialogProps {
  store: Store;
  opened: boolean;
  onClose: () => void;
  onDone: () => Promise<void>;
}

function DeleteDialog({ store, opened, onClose, onDone }: DeleteDialogProps) {
  const [typed, setTyped] = useState("");
  const [begun, setBegun] = useState(false);
  const remove = useMutation({
    mutationFn: () => api.deleteStore(store.name),
    onSuccess: async () => {
      setBegun(true);
      close();
      await onDone();
    },
  });

  // The button that led here can't be used once the removal has begun, and would drop the focus.
  function focusOnTitle() {
    if (begun) document.querySelector("h1")?.focus();
  }

  function close() {
    setTyped("");
    remove.reset();
    onClose();
  }

  function submit(event: FormEvent) {
    event.preventDefault();
    if (typed === store.name) remove.mutate();
  }

  return (
    // Put together by hand: the ready-made one has its title in a <header>, which is a second banner of the page.
    <Modal.Root opened={opened} onClose={close} returnFocus={!begun} onExitTransitionEnd={focusOnTitle}>
      <Modal.Overlay />
      <Modal.Content>
        <Modal.Body pt="md">
          <form onSubmit={submit}>
            <Stack>
              <Modal.Title fw={700}>Delete {store.name}?</Modal.Title>
              <Text>
                The shop, its products, its orders and its database are removed for good. There is no way back.
              </Text>
              <TextInput
                label={`Type ${store.name} to confirm`}
                autoComplete="off"
                spellCheck={false}
                value={typed}
                onChange={(event) => setTyped(event.currentTarget.value)}
                data-autofocus
                data-testid="confirm-name"
              />
              {remove.isError && <ProblemAlert title="The store was not deleted" error={remove.error} />}
              <Group justify="flex-end">
                <Button variant="default" onClick={close}>
                  Keep it
                </Button>
                <Button
                  type="submit"
                  color="red.9"
                  disabled={typed !== store.name}
                  loading={remove.isPending}
                  data-testid="confirm-delete"
                >
                  Delete for good
                </Button>
              </Group>
            </Stack>
          </form>
        </Modal.Body>
      </Modal.Content>
    </Modal.Root>
  );
}
