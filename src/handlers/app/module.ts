// The module `throughline` that functions import, inside and outside of an app folder.
import { badInput, ThroughlineError } from '../../base/errors.ts';
import { HandleTypeEnum } from '../../domain/handlers/workflow.ts';
import { delegateTo } from './create-app-api.ts';
import type { AppApi } from '../app-api.ts';
import { defineHandler } from './define-handler.ts';
import { ModelType } from '../types/model-type.ts';
import { NormalType } from '../types/normal-type.ts';
import { currentRun } from '../running/run-context.ts';
import { WorkflowType } from '../types/workflow-type.ts';

export { HandleTypeEnum, ModelType, NormalType, WorkflowType, ThroughlineError, currentRun, defineHandler };
export type { AppApi, AppLog, Publication } from '../app-api.ts';
export type { ElementConfig, ElementInit, EventElement, EventNode } from './event-element.ts';
export type { EventLogParameters, EventService, SendResult } from './event-service.ts';
export type { LogRow } from '../running/log-rows.ts';
export type { ModelEventData } from '../types/model-type.ts';
export type { RunContext } from '../running/run-context.ts';
export type { SaveContext } from './services.ts';
export type { WorkflowEventData } from '../types/workflow-type.ts';
export type { WorkflowRow } from '../types/workflow-row.ts';

const running = new Set<AppApi>();

/**
 * Registers a running gateway, so that code outside of its app folder finds it. Returns a function that unregisters it.
 */
export function announceApp(app: AppApi): () => void {
  running.add(app);
  return () => void running.delete(app);
}

/** For handlers in code: the app of the current run, else of the only gateway in this process. */
export const app: AppApi = delegateTo(() => currentRun()?.app ?? onlyApp());

function onlyApp(): AppApi {
  const [only, ...others] = running;
  if (only && others.length === 0) return only;
  throw badInput(
    only
      ? `${running.size} gateways run in this process: app is ambiguous outside of a handler's run.`
      : 'No gateway runs in this process: outside of a handler’s run, use app once a gateway has started.',
  );
}

/** The module for the files of one app folder: its `app` is that of the current run, else the folder's own. */
export function moduleFor(own: () => AppApi): object {
  return {
    app: delegateTo(() => currentRun()?.app ?? own()),
    HandleTypeEnum,
    ModelType,
    NormalType,
    WorkflowType,
    ThroughlineError,
    currentRun,
    defineHandler,
  };
}
