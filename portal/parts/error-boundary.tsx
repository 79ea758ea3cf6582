import { Component, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { Note } from './note.tsx';

interface Props {
  readonly children: ReactNode;
  /** Where somebody is: elsewhere it is tried again. */
  readonly place?: string;
}

interface State {
  readonly failed: boolean;
  readonly place: string | undefined;
}

/** Shows what to do when the portal itself fails, in place of an empty page. Nothing of the error is told: it may be anything. */
export class ErrorBoundary extends Component<Props, State> {
  override state: State = { failed: false, place: this.props.place };

  static getDerivedStateFromError(): Partial<State> {
    return { failed: true };
  }

  static getDerivedStateFromProps({ place }: Props, state: State): Partial<State> | null {
    return place === state.place ? null : { failed: false, place };
  }

  override render(): ReactNode {
    return this.state.failed ? <Failed /> : this.props.children;
  }
}

/** Links rather than parts of the portal, as those may be what failed. */
function Failed() {
  const { t } = useTranslation();
  return (
    <div className="main">
      <Note tone="bad" title={t('problem.defect')} live>
        <p>{t('problem.defectMeans')}</p>
        <p className="row">
          <a href={location.href}>{t('problem.reload')}</a>
          <a href="/">{t('missing.home')}</a>
        </p>
        <p className="muted">{t('problem.next.report')}</p>
      </Note>
    </div>
  );
}
