import { Dialog, showDialog } from '@jupyterlab/apputils';

/** Ask once before something that cannot be undone; the question names what is lost. */
export async function sure(asked: {
  title: string;
  body: string;
  /** Leave it as it is. */
  keep: string;
  /** Do it. */
  button: string;
}): Promise<boolean> {
  const { title, body, keep, button } = asked;
  const answer = await showDialog({
    title,
    body,
    buttons: [Dialog.cancelButton({ label: keep }), Dialog.warnButton({ label: button })],
    // Enter must not delete what an accidental key has asked for.
    defaultButton: 0
  });
  return answer.button.accept;
}
