import { Button, Group, Modal, Stack, Switch, Text, TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState, type FormEvent } from "react";
import { api } from "../../api/endpoints";
import { keys } from "../../api/queries";
import type { Store, StoreDetail, Verdict } from "../../api/types";
import { ProblemAlert } from "../../components/ProblemAlert";
import { useLive } from "../../live/LiveContext";

interface ActionsProps {
  store: Store;
  allowed: StoreDetail["allowed_actions"];
}

/** What can be done to the store now, and for what can't be done, why. */
export function Actions({ store, allowed }: ActionsProps) {
  const { refreshOne } = useLive();
  const client = useQueryClient();
  const [asking, setAsking] = useState(false);
  const done = {
    onSuccess: async () => {
      await refreshOne(store.name);
      await client.invalidateQueries({ queryKey: keys.store });
    },
  };
  const retry = useMutation({ ...done, mutationFn: () => api.retryStore(store.name) });
  const protect = useMutation({
    ...done,
    mutationFn: (wanted: boolean) => api.changeStore(store.name, { deletion_protection: wanted }),
  });
  const failure = retry.error ?? protect.error;
  return (
    <Stack align="flex-start">
      {failure && <ProblemAlert title="That did not work" error={failure} />}
      <Action verdict={allowed.retry}>
        <Button variant="default" disabled={!allowed.retry?.allowed} loading={retry.isPending} onClick={() => retry.mutate()}>
          Try again
        </Button>
      </Action>
      <Action verdict={allowed.change}>
        <Switch
          label="Protect from deletion"
          checked={store.deletion_protection}
          disabled={!allowed.change?.allowed || protect.isPending}
          onChange={(event) => protect.mutate(event.currentTarget.checked)}
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
      <DeleteDialog store={store} opened={asking} onClose={() => setAsking(false)} onDone={done.onSuccess} />
    </Stack>
  );
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
  const remove = useMutation({
    mutationFn: () => api.deleteStore(store.name),
    onSuccess: async () => {
      close();
      await onDone();
    },
  });

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
    <Modal opened={opened} onClose={close} title={`Delete ${store.name}?`} closeButtonProps={{ "aria-label": "Close" }}>
      <form onSubmit={submit}>
        <Stack>
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
    </Modal>
  );
}
