import type { ReactNode } from "react";

interface NoticeProps {
  title: string;
  children: ReactNode;
  /** Shown as a button when asking again can help. */
  retry?: () => void;
  tone?: "error" | "quiet";
}

/** A page or a part of it that can't be shown, and what to do. */
export function Notice({ title, children, retry, tone = "error" }: NoticeProps) {
  return (
    <section className={`notice ${tone}`} role={tone === "error" ? "alert" : undefined}>
      <h2>{title}</h2>
      <div>{children}</div>
      {retry && (
        <button type="button" className="button secondary" onClick={retry}>
          Try again
        </button>
      )}
    </section>
  );
}

/** One sentence beside what it is about; nothing when there is none. */
export function Problem({ children, testId }: { children: ReactNode; testId?: string }) {
  return (
    <div role="alert" className="problem-slot" data-testid={testId}>
      {children && <p className="problem">{children}</p>}
    </div>
  );
}

/** Said to screen readers while something is being asked for; the eyes get placeholders. */
export function Loading({ what }: { what: string }) {
  return (
    <p role="status" className="visually-hidden">
      Loading {what}…
    </p>
  );
}
