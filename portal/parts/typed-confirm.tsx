import { Button, Modal, TextInput } from '@mantine/core';
import { useState, type ReactNode, type SyntheticEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { ActButton } from './act-button.tsx';
import { ProblemNote } from './problem.tsx';

interface TypedConfirmProps {
  readonly opened: boolean;
  readonly onClose: () => void;
  readonly title: string;
  /** What will happen, in numbers. */
  readonly children: ReactNode;
  /** What has to be typed; null: a click is enough, because nothing can be lost. */
  readonly phrase: string | null;
  readonly act: string;
  readonly danger?: boolean;
  readonly ready?: boolean;
  /** Whether it can be done at all as things stand; if not, its contents say why, and nothing is to be typed. */
  readonly possible?: boolean;
  readonly pending: boolean;
  readonly error: Error | null;
  readonly onConfirm: () => void;
}

/** Asks for a decision that others feel: says what it does first, and takes it only when it is typed. */
export function TypedConfirm(props: TypedConfirmProps) {
  const { opened, onClose, title } = props;
  const { t } = useTranslation();
  return (
    <Modal
      opened={opened}
      onClose={onClose}
      title={<span className="strong">{title}</span>}
      size="lg"
      closeButtonProps={{ 'aria-label': t('common.close') }}
    >
      <Form {...props} />
    </Modal>
  );
}

/** Inside the modal, so that what was typed is forgotten with it. */
function Form({
  children,
  phrase,
  act,
  danger = false,
  ready = true,
  possible = true,
  pending,
  error,
  ...on
}: TypedConfirmProps) {
  const { t } = useTranslation();
  const [typed, setTyped] = useState('');
  const matches = phrase === null || typed.trim() === phrase;
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    if (matches && ready && !pending) on.onConfirm();
  };
  return (
    <form className="stack-m" onSubmit={submit}>
      {children}
      {phrase !== null && possible && (
        <TextInput
          label={t('confirm.type', { phrase })}
          value={typed}
          onChange={(event) => setTyped(event.currentTarget.value)}
          autoComplete="off"
          spellCheck={false}
          disabled={!ready}
        />
      )}
      {error && <ProblemNote error={error} />}
      <div className="row">
        {possible && (
          <ActButton
            type="submit"
            color={danger ? 'red' : undefined}
            pending={pending}
            disabled={!matches || !ready}
          >
            {act}
          </ActButton>
        )}
        <Button variant="default" onClick={on.onClose}>
          {t(possible ? 'common.cancel' : 'common.close')}
        </Button>
      </div>
    </form>
  );
}
