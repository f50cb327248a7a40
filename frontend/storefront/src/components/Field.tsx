import type { InputHTMLAttributes, ReactNode } from "react";

interface FrameProps {
  name: string;
  label: string;
  error: string | undefined;
  optional?: boolean;
  children: ReactNode;
}

/** Attributes that tie a control to its label and to the message about it. */
export function described(name: string, error: string | undefined) {
  return {
    id: `field-${name}`,
    name,
    "aria-invalid": error ? true : undefined,
    "aria-describedby": error ? `error-${name}` : undefined,
  } as const;
}

/** A label, a control and the message about what is wrong with it. */
export function FieldFrame({ name, label, error, optional, children }: FrameProps) {
  return (
    <div className={`field field-${name}`}>
      <label htmlFor={`field-${name}`}>
        {label}
        {optional && <span className="optional"> (optional)</span>}
      </label>
      {children}
      {error && (
        <p className="field-error" id={`error-${name}`} data-testid={`error-${name}`}>
          {error}
        </p>
      )}
    </div>
  );
}

type TextFieldProps = Omit<FrameProps, "children"> & Omit<InputHTMLAttributes<HTMLInputElement>, "name">;

/** One line of text. */
export function TextField({ name, label, error, optional, ...input }: TextFieldProps) {
  return (
    <FieldFrame name={name} label={label} error={error} optional={optional}>
      <input type="text" required={!optional} {...input} {...described(name, error)} />
    </FieldFrame>
  );
}
