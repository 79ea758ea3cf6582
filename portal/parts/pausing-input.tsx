import { TextInput } from '@mantine/core';
import { useEffect, useState } from 'react';

const PAUSE_MS = 350;

interface Props {
  readonly label: string;
  readonly value: string;
  readonly onChange: (value: string) => void;
  readonly placeholder?: string;
}

/** A text that is heeded once its writer pauses. */
export function PausingInput({ label, value, onChange, placeholder }: Props) {
  const [text, setText] = useState(value);
  useEffect(() => setText(value), [value]);
  useEffect(() => {
    if (text === value) return;
    const timer = setTimeout(() => onChange(text.trim()), PAUSE_MS);
    return () => clearTimeout(timer);
    // The caller's function is another one at each drawing.
  }, [text, value]);
  return (
    <TextInput
      label={label}
      value={text}
      onChange={(event) => setText(event.currentTarget.value)}
      placeholder={placeholder}
      autoComplete="off"
      spellCheck={false}
    />
  );
}
