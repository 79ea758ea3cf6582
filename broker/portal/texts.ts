import type { SignInRefusal } from './observer.ts';

/** What the pages around the sign-in say. Everything else that people read is the portal's own. */

export const LANGUAGES = ['en', 'ja'] as const;
export type Language = (typeof LANGUAGES)[number];

export type PageName = SignInRefusal | 'SIGNED_OUT' | 'UNAVAILABLE' | 'NOT_CONFIGURED';

export interface PageText {
  readonly title: string;
  readonly text: string;
}

/** What can be done from a page. */
export const LINKS: Readonly<Record<Language, { signIn: string; again: string; somebodyElse: string }>> = {
  en: { signIn: 'Sign in', again: 'Try again', somebodyElse: 'Sign in as somebody else' },
  ja: { signIn: 'サインイン', again: 'もう一度試す', somebodyElse: '別のユーザーでサインイン' },
};

export const PAGES: Readonly<Record<Language, Readonly<Record<PageName, PageText>>>> = {
  en: {
    SIGNED_OUT: { title: 'You are signed out', text: 'Close the window if others use this computer.' },
    STALE: {
      title: 'This sign-in is no longer valid',
      text: 'It was begun more than ten minutes ago, in another window, or is over already. Nothing was changed.',
    },
    DENIED: {
      title: 'You were not signed in',
      text: 'The identity provider ended the sign-in. If that was not you, ask your administrator.',
    },
    INVALID: {
      title: 'You could not be signed in',
      text: 'The identity provider’s answer did not pass the checks. Try again; if it happens again, tell the operator.',
    },
    UNREACHABLE: {
      title: 'The identity provider does not answer',
      text: 'Nobody can sign in until it does. Your keys and data are not affected. Try again in a minute.',
    },
    UNAVAILABLE: {
      title: 'Not available at the moment',
      text: 'Your sign-in could not be stored. Your keys and data are not affected. Try again in a minute.',
    },
    NO_ROLE: {
      title: 'You have no role here',
      text: 'The identity provider knows you, but does not say that you are an administrator or auditor. Ask your administrator for a role.',
    },
    NO_ACCOUNT: {
      title: 'You belong to no account here',
      text: 'The identity provider knows you, but does not say which account you belong to. Ask your administrator.',
    },
    ACCOUNT_UNKNOWN: {
      title: 'Your account is not known here',
      text: 'The identity provider named an account that does not exist here. Ask the operator to set it up.',
    },
    NAME_UNUSABLE: {
      title: 'Your name cannot be used here',
      text: 'Every act is recorded with a name. The identity provider gave none that can be used, or an e-mail address that was not verified. Ask your administrator.',
    },
    NOT_CONFIGURED: {
      title: 'There is no sign-in here',
      text: 'The operator has set up no identity provider.',
    },
  },
  ja: {
    SIGNED_OUT: {
      title: 'サインアウトしました',
      text: 'このコンピューターを他の人も使う場合は、ウィンドウを閉じてください。',
    },
    STALE: {
      title: 'このサインインは無効になりました',
      text: '開始から10分以上たったか、別のウィンドウで開始されたか、すでに終了しています。何も変更されていません。',
    },
    DENIED: {
      title: 'サインインできませんでした',
      text: 'IDプロバイダーがサインインを終了しました。心当たりがない場合は管理者に連絡してください。',
    },
    INVALID: {
      title: 'サインインできませんでした',
      text: 'IDプロバイダーの応答を確認できませんでした。もう一度試し、繰り返す場合は運用者に連絡してください。',
    },
    UNREACHABLE: {
      title: 'IDプロバイダーが応答しません',
      text: '応答するまで誰もサインインできません。鍵とデータに影響はありません。1分後にもう一度試してください。',
    },
    UNAVAILABLE: {
      title: '現在利用できません',
      text: 'サインインを保存できませんでした。鍵とデータに影響はありません。1分後にもう一度試してください。',
    },
    NO_ROLE: {
      title: 'ここでの役割がありません',
      text: 'IDプロバイダーはあなたを確認しましたが、管理者または監査者の役割がありません。管理者に役割を依頼してください。',
    },
    NO_ACCOUNT: {
      title: '所属するアカウントがありません',
      text: 'IDプロバイダーはあなたを確認しましたが、所属するアカウントが示されていません。管理者に連絡してください。',
    },
    ACCOUNT_UNKNOWN: {
      title: 'アカウントが登録されていません',
      text: 'IDプロバイダーが示したアカウントはここに存在しません。運用者に設定を依頼してください。',
    },
    NAME_UNUSABLE: {
      title: 'この名前は使用できません',
      text: 'すべての操作は名前とともに記録されます。使用できる名前がないか、メールアドレスが確認されていません。管理者に連絡してください。',
    },
    NOT_CONFIGURED: {
      title: 'サインインは設定されていません',
      text: '運用者がIDプロバイダーを設定していません。',
    },
  },
};
