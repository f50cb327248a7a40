interface RadioCardProps {
  name: string;
  value: string;
  checked: boolean;
  onChoose: () => void;
  title: string;
  note?: string;
  price?: string;
  testId: string;
}

/** One of a few ways (of shipping, of paying), with what it costs. */
export function RadioCard({ name, value, checked, onChoose, title, note, price, testId }: RadioCardProps) {
  return (
    <label className="radio-card" data-testid={testId}>
      <input type="radio" name={name} value={value} checked={checked} onChange={onChoose} />
      <span className="radio-text">
        <span className="radio-title">{title}</span>
        {note && <span className="radio-note">{note}</span>}
      </span>
      {price && <span className="radio-price">{price}</span>}
    </label>
  );
}
