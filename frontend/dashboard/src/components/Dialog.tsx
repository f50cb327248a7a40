import { Modal, Stack } from "@mantine/core";
import type { ReactNode } from "react";

interface DialogProps {
  title: string;
  opened: boolean;
  onClose: () => void;
  /** It is left by a button of its own only, because what it shows can't be shown again. */
  locked?: boolean;
  children: ReactNode;
}

/** A dialog. Put together by hand: the ready-made one has its title in a <header>, a second banner of the page. */
export function Dialog({ title, opened, onClose, locked = false, children }: DialogProps) {
  return (
    <Modal.Root opened={opened} onClose={onClose} closeOnClickOutside={!locked} closeOnEscape={!locked}>
      <Modal.Overlay />
      <Modal.Content>
        <Modal.Body pt="md">
          <Stack>
            <Modal.Title fw={700}>{title}</Modal.Title>
            {children}
          </Stack>
        </Modal.Body>
      </Modal.Content>
    </Modal.Root>
  );
}
