import { Button, Group, Text } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { Dialog } from "./Dialog";
import { ProblemAlert } from "./ProblemAlert";

interface ConfirmDialogProps {
  title: string;
  /** What follows from it. */
  consequence: string;
  yes: string;
  no: string;
  refused: string;
  act: () => Promise<unknown>;
  onDone: () => unknown;
  onClose: () => void;
}

/** Asks once more before something that can't be taken back. It is there as long as it is rendered. */
export function ConfirmDialog({ title, consequence, yes, no, refused, act, onDone, onClose }: ConfirmDialogProps) {
  const work = useMutation({
    mutationFn: act,
    onSuccess: async () => {
      await onDone();
      onClose();
    },
  });
  return (
    <Dialog title={title} opened onClose={onClose}>
      <Text>{consequence}</Text>
      {work.isError && <ProblemAlert title={refused} error={work.error} />}
      <Group justify="flex-end">
        <Button variant="default" onClick={onClose} data-autofocus>
          {no}
        </Button>
        <Button color="red.9" loading={work.isPending} onClick={() => work.mutate()} data-testid="confirm">
          {yes}
        </Button>
      </Group>
    </Dialog>
  );
}
