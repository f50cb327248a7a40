import type { Step } from "../api/types";
import { describePipeline, stepWords } from "../domain/pipeline";

/** The pipeline as a row of dots. */
export function MiniPipeline({ steps }: { steps: readonly Step[] }) {
  if (steps.length === 0) return <span className="sub">no work yet</span>;
  return (
    <span className="dots" role="img" aria-label={describePipeline(steps)}>
      {steps.map((step) => (
        <span key={step.name} className={`dot ${step.state}`} title={`${step.label}: ${stepWords[step.state]}`} />
      ))}
    </span>
  );
}
