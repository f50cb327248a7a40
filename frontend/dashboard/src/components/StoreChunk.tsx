import { useEffect, useRef, useState, type CSSProperties } from "react";
import type { Store } from "../api/types";
import { StoreRow } from "./StoreRow";

/** Rows that come and go together. */
export const chunkLength = 20;

/** Chunks that are drawn before anybody can say what is in sight: more rows than a screen holds at first. */
const drawnAtFirst = 2;

/** How far out of sight rows are drawn already, so that j, k, Tab and scrolling find them there. */
const margin = "1200px 0px";

/** `place` counts the chunks of the table from 0. */
interface StoreChunkProps {
  stores: readonly Store[];
  place: number;
}

/**
 * A part of a long list: its rows while it is near what is in sight or holds the focus, else room of the same height,
 * which was measured when they went, or is guessed from their number (styles.css).
 */
export function StoreChunk({ stores, place }: StoreChunkProps) {
  const body = useRef<HTMLTableSectionElement>(null);
  const [shown, setShown] = useState(place < drawnAtFirst);
  const [height, setHeight] = useState<number | null>(null);
  useEffect(() => observe(body.current, setShown, setHeight), []);
  const style = height === null ? ({ "--rows": stores.length } as CSSProperties) : { height };
  return (
    <tbody ref={body} role={shown ? "rowgroup" : "presentation"} {...(shown ? {} : { className: "unseen", style })}>
      {shown &&
        stores.map((store, index) => <StoreRow key={store.id} store={store} index={place * chunkLength + index + 2} />)}
    </tbody>
  );
}

function observe(
  body: HTMLElement | null,
  show: (shown: boolean) => void,
  remember: (height: number) => void,
): (() => void) | undefined {
  if (!body) return undefined;
  let near = true;
  const leave = () => {
    // Who is at a row must not lose it by scrolling.
    if (near || body.contains(document.activeElement)) return;
    if (body.childElementCount > 0) remember(body.offsetHeight);
    show(false);
  };
  const observer = new IntersectionObserver(
    (entries) => {
      near = entries.at(-1)!.isIntersecting;
      if (near) show(true);
      else leave();
    },
    { rootMargin: margin },
  );
  observer.observe(body);
  const blur = () => setTimeout(leave);
  body.addEventListener("focusout", blur);
  return () => {
    observer.disconnect();
    body.removeEventListener("focusout", blur);
  };
}
