import type { Step } from "../api/types";
import { isActive, stepSymbols, stepTime, stepWords } from "../domain/pipeline";
import { duration } from "../domain/time";
import { useNow } from "./Time";

/** The steps of the latest operation, with the time each took and what the active one waits for. */
export function Pipeline({ steps }: { steps: readonly Step[] }) {
  if (steps.length === 0) return <p className="sub">Nothing is being done to this store.</p>;
  return (
    <ol className="pipeline">
      {steps.map((step) => (
        <li
          key={step.name}
          className={step.state}
          data-testid={`step-${step.name}`}
          data-state={step.state}
          aria-current={isActive(step) ? "step" : undefined}
        >
          <div className="step-head">
            <span className={`step-symbol ${step.state}`} aria-hidden="true">
              {step.state === "pending" ? <span className="dot inline" /> : stepSymbols[step.state]}
            </span>
            {step.label}
          </div>
          <div className="step-text">
            {stepWords[step.state]}
            <StepTime step={step} />
            {step.attempt > 0 && `, failed ${step.attempt === 1 ? "once" : `${step.attempt} times`} so far`}
          </div>
          {isActive(step) && step.waiting_for && <div className="step-text">waits for {step.waiting_for}</div>}
          {step.error && <div className="step-text error">{step.error}</div>}
        </li>
      ))}
    </ol>
  );
}

function StepTime({ step }: { step: Step }) {
  if (!step.started_at) return null;
  return <>, {step.finished_at ? <Taken step={step} now={0} /> : <Ticking step={step} />}</>;
}

function Ticking({ step }: { step: Step }) {
  return <Taken step={step} now={useNow()} />;
}

function Taken({ step, now }: { step: Step; now: number }) {
  const time = stepTime(step, now);
  return time === null ? null : <span className="step-time">{duration(time)}</span>;
}
