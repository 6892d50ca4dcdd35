// What `import { … } from 'throughline'` gives to functions, inside an app folder and outside of one.
import { badInput, ThroughlineError } from '../base/errors.ts';
import { HandleTypeEnum } from '../domain/workflow.ts';
import { type AppApi, delegateTo } from './app-api.ts';
import { defineHandler } from './define-handler.ts';
import { ModelType } from './model-type.ts';
import { NormalType } from './normal-type.ts';
import { currentRun } from './run-context.ts';
import { WorkflowType } from './workflow-type.ts';

export { HandleTypeEnum, ModelType, NormalType, WorkflowType, ThroughlineError, currentRun, defineHandler };
export type { AppApi, AppLog, Publication } from './app-api.ts';
export type { ElementConfig, ElementInit, EventElement, EventNode } from './event-element.ts';
export type { EventLogParameters, EventService, SendResult } from './event-service.ts';
export type { LogRow } from './log-rows.ts';
export type { ModelEventData } from './model-type.ts';
export type { RunContext } from './run-context.ts';
export type { SaveContext } from './app-services.ts';
export type { WorkflowEventData } from './workflow-type.ts';
export type { WorkflowRow } from './workflow-row.ts';

const running = new Set<AppApi>();

/** Says that a gateway runs, so that code outside of its app folder finds it; answers what takes that back. */
export function announceApp(app: AppApi): () => void {
  running.add(app);
  return () => void running.delete(app);
}

/** For handlers in code: the app of the run under way, else of the one gateway that runs in this process. */
export const app: AppApi = delegateTo(() => currentRun()?.app ?? onlyApp());

function onlyApp(): AppApi {
  const [only, ...others] = running;
  if (only && others.length === 0) return only;
  throw badInput(
    only
      ? `${running.size} gateways run in this process: outside of a handler's run it is open which of them app is.`
      : 'No gateway runs in this process: outside of a handler’s run, use app once a gateway has started.',
  );
}

/** The module that the files of one app folder import: its `app` is that of the run under way, else the folder's own. */
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
