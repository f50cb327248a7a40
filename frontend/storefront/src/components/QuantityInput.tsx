interface QuantityInputProps {
  label: string;
  value: number;
  /** Most pieces that can be had. */
  max: number;
  disabled?: boolean;
  onChange: (quantity: number) => void;
}

/** Fewer, a number, more. Nothing below one can be typed; removing is another button's work. */
export function QuantityInput({ label, value, max, disabled = false, onChange }: QuantityInputProps) {
  const set = (quantity: number) => {
    const wanted = Math.max(1, Math.min(max, Math.trunc(quantity)));
    if (Number.isFinite(wanted) && wanted !== value) onChange(wanted);
  };
  return (
    <div className="quantity" role="group" aria-label={label}>
      <button type="button" aria-label="One less" disabled={disabled || value <= 1} onClick={() => set(value - 1)}>
        −
      </button>
      <input
        // A new key shows the new number when it was changed from outside, and lets a person type freely until then.
        key={value}
        type="number"
        inputMode="numeric"
        min={1}
        max={Number.isFinite(max) ? max : undefined}
        defaultValue={value}
        disabled={disabled}
        aria-label={label}
        data-testid="quantity"
        onBlur={(event) => {
          set(event.target.valueAsNumber);
          if (!(event.target.valueAsNumber >= 1)) event.target.value = String(value);
        }}
        onKeyDown={(event) => {
          if (event.key === "Enter") event.currentTarget.blur();
        }}
      />
      <button type="button" aria-label="One more" disabled={disabled || value >= max} onClick={() => set(value + 1)}>
        +
      </button>
    </div>
  );
}
