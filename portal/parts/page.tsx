import { IconChevronLeft } from '@tabler/icons-react';
import { useEffect, useRef, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'wouter';

interface PageProps {
  readonly title: string;
  readonly lead?: ReactNode;
  readonly actions?: ReactNode;
  readonly back?: { readonly to: string; readonly label: string };
  readonly children: ReactNode;
}

let isFirst = true;

/** A page: its name in the window's title and as heading, which gets the focus when one comes from another page. */
export function Page({ title, lead, actions, back, children }: PageProps) {
  const { t } = useTranslation();
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    document.title = `${title} · ${t('common.product')}`;
  }, [title, t]);
  useEffect(() => {
    const part = location.hash === '' ? null : document.getElementById(location.hash.slice(1));
    if (part) part.scrollIntoView();
    else if (!isFirst) {
      heading.current?.focus({ preventScroll: true });
      window.scrollTo(0, 0);
    }
    isFirst = false;
  }, []);
  return (
    <>
      <div className="page-head">
        <div>
          {back && (
            <Link className="back" href={back.to}>
              <IconChevronLeft size={16} aria-hidden />
              {back.label}
            </Link>
          )}
          <h1 ref={heading} tabIndex={-1}>
            {title}
          </h1>
          {lead !== undefined && <p>{lead}</p>}
        </div>
        {actions !== undefined && <div className="row">{actions}</div>}
      </div>
      <div className="stack">{children}</div>
    </>
  );
}

/** A part of a page under a heading of its own. */
export function Card({
  title,
  actions,
  id,
  children,
}: {
  title?: string;
  actions?: ReactNode;
  /** What an address leads to after its `#`. */
  id?: string;
  children: ReactNode;
}) {
  return (
    <section className="card" {...(title !== undefined && { 'aria-label': title })} id={id}>
      {title !== undefined && (
        <div className="spread">
          <h2>{title}</h2>
          {actions}
        </div>
      )}
      {children}
    </section>
  );
}
