import type { Step } from "../api/types";

export const stepSymbols: Record<Step["state"], string> = {
  pending: "○",
  running: "◉",
  waiting: "◉",
  succeeded: "✓",
  failed: "✗",
  skipped: "–",
  cancelled: "–",
};

export const stepWords: Record<Step["state"], string> = {
  pending: "not started",
  running: "running",
  waiting: "waiting",
  succeeded: "done",
  failed: "failed",
  skipped: "skipped",
  cancelled: "given up",
};

/** Milliseconds that a step has taken until it ended, or until now; null before its start. */
export function stepTime(step: Step, now: number): number | null {
  if (!step.started_at) return null;
  const end = step.finished_at ? Date.parse(step.finished_at) : now;
  // The browser's clock may be behind the platform's.
  return Math.max(0, end - Date.parse(step.started_at));
}

export function isActive(step: Step): boolean {
  return step.state === "running" || step.state === "waiting";
}

/** The pipeline in one sentence, for those who can't see the dots. */
export function describePipeline(steps: readonly Step[]): string {
  if (steps.length === 0) return "No work yet";
  const done = steps.filter((step) => step.state === "succeeded").length;
  const other = steps.find((step) => step.state === "failed") ?? steps.find(isActive);
  const rest = other ? `, ${other.label} ${stepWords[other.state]}` : "";
  return `${done} of ${steps.length} steps done${rest}`;
}
