import {
  IRouter,
  type JupyterFrontEnd,
  type JupyterFrontEndPlugin
} from '@jupyterlab/application';

const OPEN_RUN = 'mltrain:open-run';

/** What `Run.get_portal_url` writes into JupyterLab's address: workspace and run, `w/r`. */
const PARAMETER = 'mltrain-run';

/** Opens the run that the address names, once; a reload then shows what is open by then. */
export const runLinkPlugin: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-mltrain:run-link',
  description: "Opens the run that JupyterLab's address names, as a run's portal URL does.",
  autoStart: true,
  requires: [IRouter],
  activate: (app: JupyterFrontEnd, router: IRouter): void => {
    const { path, search, hash } = router.current;
    const named = new URLSearchParams(search);
    const [workspace, run, ...more] = (named.get(PARAMETER) ?? '').split('/');
    if (!workspace || !run || more.length > 0) {
      return;
    }
    named.delete(PARAMETER);
    const rest = named.toString();
    void app.restored.then(async () => {
      router.navigate(`${path}${rest && `?${rest}`}${hash}`, { skipRouting: true });
      if (app.commands.hasCommand(OPEN_RUN)) {
        await app.commands.execute(OPEN_RUN, { workspace, run });
      }
    });
  }
};
