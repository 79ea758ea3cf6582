import { useTranslation } from 'react-i18next';

/** Says in words why a KMS or the broker refused; a code that has no words yet as it is. */
export function useCause(): (code: string | null) => string {
  const { t, i18n } = useTranslation();
  return (code) => {
    if (code === null) return '';
    return i18n.exists(`cause.${code}`) ? t(`cause.${code as 'KEY_DISABLED'}`) : code;
  };
}

/** Why, for people, with the code by which others find it. */
export function Cause({ code }: { readonly code: string }) {
  const words = useCause()(code);
  return (
    <span className="small">
      <br />
      {words !== code && `${words} `}
      <code>{code}</code>
    </span>
  );
}
