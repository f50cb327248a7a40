import { Title } from "@mantine/core";
import { useEffect, useRef } from "react";

// The page that was opened first keeps the browser's own focus.
let opened = false;

/** The h1 of a page: names the tab, and takes the focus after a link was followed. */
export function PageTitle({ children }: { children: string }) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    document.title = `${children} – Storeplane`;
  }, [children]);
  useEffect(() => {
    if (opened) heading.current?.focus({ preventScroll: true });
    opened = true;
  }, []);
  return (
    <Title order={1} size="h2" ref={heading} tabIndex={-1}>
      {children}
    </Title>
  );
}
