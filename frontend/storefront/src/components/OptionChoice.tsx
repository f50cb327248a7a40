import type { HttpTypes } from "@medusajs/types";

interface OptionChoiceProps {
  option: HttpTypes.StoreProductOption;
  chosen: string | undefined;
  onChoose: (value: string) => void;
}

/** One option of a product as radio buttons: arrow keys move within it, Tab leaves it. */
export function OptionChoice({ option, chosen, onChoose }: OptionChoiceProps) {
  const values = option.values ?? [];
  // "Default option: default value" is how Medusa says that there is nothing to choose.
  if (values.length < 2) return null;
  return (
    <fieldset className="option" data-testid={`option-${option.title}`}>
      <legend>{option.title}</legend>
      <div className="option-values">
        {values.map(({ id, value }) => (
          <label key={id} className="option-value">
            <input
              type="radio"
              name={option.id}
              value={value}
              checked={value === chosen}
              onChange={() => onChoose(value)}
            />
            <span>{value}</span>
          </label>
        ))}
      </div>
    </fieldset>
  );
}
