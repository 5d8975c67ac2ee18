import { LabIcon } from '@jupyterlab/ui-components';

/** A box, of which there can be several: the tab of a model, and its row in the sidebar. */
export const modelIcon = new LabIcon({
  name: 'jupyter-mltrain:model',
  svgstr:
    '<svg xmlns="http://www.w3.org/2000/svg" width="16" viewBox="0 0 16 16">' +
    '<path class="jp-icon3" fill="#616161" fill-rule="evenodd" d="M8 1l6.2 3.5v7L8 15l-6.2-3.5v-7z' +
    'M8 2.6 3.8 5 8 7.4 12.2 5zM3.2 6.3v4.4l4.1 2.3V8.6zM12.8 6.3 8.7 8.6V13l4.1-2.3z"/></svg>'
});
