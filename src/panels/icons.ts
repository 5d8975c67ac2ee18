import { LabIcon } from '@jupyterlab/ui-components';

/** A falling loss: the sidebar's tab, the status bar, the launcher. */
export const trainingIcon = new LabIcon({
  name: 'jupyter-mltrain:training',
  svgstr:
    '<svg xmlns="http://www.w3.org/2000/svg" width="24" viewBox="0 0 24 24">' +
    '<g class="jp-icon3 jp-icon-selectable" fill="#616161">' +
    '<path d="M3 3h2v16h16v2H3z"/>' +
    '<path d="M8.6 4.2 6.7 5c1.6 6.4 5.3 10 11.3 11.1l.4-2C13.2 13.1 10 10.1 8.6 4.2z"/>' +
    '<circle cx="18.5" cy="15" r="2.5"/></g></svg>'
});
