import { useEffect, useRef, type ReactNode } from "react";
import { useNavigationType } from "react-router";
import { useShop } from "../shop/ShopContext";

interface HeadingProps {
  children: ReactNode;
  /** Title of the browser's tab, before the store's name; the heading's text unless given. */
  title?: string;
  className?: string;
}

// The page that the visitor opened first keeps the browser's own focus.
let opened = false;

/** The h1 of a page. Names the tab, and takes the focus after a link was followed, as a full page load would. */
export function Heading({ children, title, className }: HeadingProps) {
  const { config } = useShop();
  const heading = useRef<HTMLHeadingElement>(null);
  const navigation = useNavigationType();
  const text = title ?? (typeof children === "string" ? children : "");

  useEffect(() => {
    document.title = text ? `${text} – ${config.storeName}` : config.storeName;
  }, [text, config.storeName]);

  useEffect(() => {
    if (opened) heading.current?.focus({ preventScroll: true });
    if (opened && navigation !== "POP") window.scrollTo(0, 0);
    opened = true;
    // Only when the page appears; a change of its text must not move the focus.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, []);

  return (
    <h1 ref={heading} tabIndex={-1} className={className}>
      {children}
    </h1>
  );
}
