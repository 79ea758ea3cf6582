import { Button, Loader, type ButtonProps } from '@mantine/core';
import type { MouseEvent } from 'react';

interface ActButtonProps extends Omit<ButtonProps, 'loading'> {
  readonly type?: 'button' | 'submit';
  /** What it does is under way: it does nothing more, and keeps the focus, which a disabled button would lose. */
  readonly pending: boolean;
  readonly onClick?: () => void;
}

/** Does something that takes a while. */
export function ActButton({ pending, onClick, leftSection, type = 'button', ...props }: ActButtonProps) {
  const press = (event: MouseEvent) => {
    if (pending) event.preventDefault();
    else onClick?.();
  };
  return (
    <Button
      {...props}
      type={type}
      aria-disabled={pending || undefined}
      leftSection={pending ? <Loader size={15} color="currentColor" aria-hidden /> : leftSection}
      onClick={press}
    />
  );
}
