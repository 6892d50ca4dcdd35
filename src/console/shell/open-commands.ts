// Which dialog of the commands is open, and what opens and closes it.

export interface Commands {
  readonly opened: 'palette' | 'help' | null;
  openPalette(): void;
  openHelp(): void;
  close(): void;
}

/** Where the command key takes the place of the control key. */
export const isMac = /Mac|iPhone|iPad/.test(navigator.userAgent);
