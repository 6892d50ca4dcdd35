// Dark, light, or as the system has it.
import { useSyncExternalStore } from 'react';

export const themes = ['system', 'light', 'dark'] as const;
export type Theme = (typeof themes)[number];

const storageKey = 'throughline:theme';

const changes = new EventTarget();

export function currentTheme(): Theme {
  const stored = localStorage.getItem(storageKey);
  return themes.find((theme) => theme === stored) ?? 'system';
}

export function applyTheme(theme: Theme = currentTheme()): void {
  localStorage.setItem(storageKey, theme);
  if (theme === 'system') delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
  changes.dispatchEvent(new Event('change'));
}

export function useTheme(): Theme {
  return useSyncExternalStore(onThemeChange, currentTheme);
}

function onThemeChange(call: () => void): () => void {
  changes.addEventListener('change', call);
  return () => changes.removeEventListener('change', call);
}
