interface Option<V extends string> {
  readonly value: V;
  readonly label: string;
  readonly description?: string;
}

interface ChoiceProps<V extends string> {
  readonly legend: string;
  readonly name: string;
  readonly value: V | null;
  readonly options: readonly Option<V>[];
  readonly disabled?: boolean;
  readonly onChange: (value: V) => void;
}

/** One of a few, each with what it means. */
export function Choice<V extends string>({
  legend,
  name,
  value,
  options,
  disabled = false,
  onChange,
}: ChoiceProps<V>) {
  return (
    <fieldset className="choice" disabled={disabled}>
      <legend className="strong">{legend}</legend>
      <div>
        {options.map((option) => (
          <label key={option.value}>
            <input
              type="radio"
              name={name}
              value={option.value}
              checked={option.value === value}
              onChange={() => onChange(option.value)}
            />
            <span className="option">
              <span className="strong">{option.label}</span>
              {option.description !== undefined && <span className="muted small">{option.description}</span>}
            </span>
          </label>
        ))}
      </div>
    </fieldset>
  );
}
