import { Kbd, Switch, Text } from "@mantine/core";
import { useLocalStorage } from "@mantine/hooks";
import { useEffect, useState } from "react";
import { useNavigate } from "react-router";
import { neighbour, shortcutOf, shortcuts } from "../domain/keyboard";
import { Dialog } from "./Dialog";

/** Names the links that j and k go through. */
export const storeLink = "data-store-link";

/**
 * The keys of the whole page, and the dialog that tells them. They can be turned off (WCAG 2.1.4): to those who speak
 * to their computer, single letters happen by accident.
 */
export function Keyboard({ opened, setOpened }: { opened: boolean; setOpened: (opened: boolean) => void }) {
  const [on, setOn] = useLocalStorage({ key: "storeplane-keys", defaultValue: true, getInitialValueInEffect: false });
  useKeys(on, () => setOpened(true));
  return (
    <Dialog title="Keyboard" opened={opened} onClose={() => setOpened(false)}>
      <dl className="facts" data-testid="shortcuts">
        {shortcuts.map(([keys, does]) => (
          <div className="row" key={keys}>
            <dt>
              {keys.split(" ").map((key) => (
                <Kbd key={key} mr={4}>
                  {key}
                </Kbd>
              ))}
            </dt>
            <dd>{does}</dd>
          </div>
        ))}
      </dl>
      <Switch
        label="Use these keys"
        checked={on}
        onChange={(event) => setOn(event.currentTarget.checked)}
        data-autofocus
      />
      <Text size="sm" c="dimmed">
        All pages work with Tab, Enter and Escape, too.
      </Text>
    </Dialog>
  );
}

function useKeys(on: boolean, help: () => void): void {
  const navigate = useNavigate();
  // Read when a key is pressed, so that the listener needn't follow each render.
  const [latest] = useState<{ help: () => void }>({ help });
  useEffect(() => {
    latest.help = help;
  });
  useEffect(() => {
    if (!on) return undefined;
    const press = (event: KeyboardEvent) => {
      const target = event.target instanceof Element ? event.target : null;
      const shortcut = shortcutOf({
        key: event.key,
        modified: event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented,
        typing: target?.closest("input, textarea, select, [role=dialog], [role=listbox], [role=menu]") != null,
        atStore: target?.matches(`[${storeLink}]`) ?? false,
      });
      const done =
        shortcut === "next" || shortcut === "previous"
          ? move(shortcut)
          : shortcut === "search"
            ? focus(document.querySelector("[data-search]"))
            : shortcut === "new"
              ? (void navigate("/ui/new"), true)
              : shortcut === "help" && (latest.help(), true);
      if (done) event.preventDefault();
    };
    document.addEventListener("keydown", press);
    return () => document.removeEventListener("keydown", press);
  }, [on, navigate, latest]);
}

function move(shortcut: "next" | "previous"): boolean {
  const links = [...document.querySelectorAll(`[${storeLink}]`)];
  const at = document.activeElement ? links.indexOf(document.activeElement) : -1;
  const place = neighbour(links.length, at, shortcut);
  return place !== null && focus(links[place]!);
}

function focus(element: Element | null): boolean {
  if (!(element instanceof HTMLElement)) return false;
  element.focus();
  element.scrollIntoView({ block: "nearest" });
  return true;
}
