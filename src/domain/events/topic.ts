// Topic names, and patterns in which * matches any run of characters.
import { badInput } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';

const topicName = /^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$/;
const topicPattern = /^[A-Za-z0-9_.*-]+$/;

/** Returns the topic, or throws BAD_USER_INPUT. */
export function checkTopic(topic: string, argument = 'topic'): string {
  if (topic.length > limits.topicLength || !topicName.test(topic)) {
    throw badInput(
      `${argument} ${quote(topic)} is not a topic: 1 to ${limits.topicLength} characters, parts of letters, digits, _ and - joined by dots.`,
    );
  }
  return topic;
}

/** Returns the pattern, or throws BAD_USER_INPUT. */
export function checkTopicPattern(pattern: string, argument = 'topics'): string {
  if (pattern.length > limits.topicLength || !topicPattern.test(pattern)) {
    throw badInput(
      `${argument} has ${quote(pattern)}, which is not a topic pattern: 1 to ${limits.topicLength} letters, digits, _, -, dots and * for any run of characters.`,
    );
  }
  return pattern;
}

export function isExactTopic(pattern: string): boolean {
  return !pattern.includes('*');
}

/** The pattern for SQL's LIKE, with `_` and `%` escaped. */
export function likePattern(pattern: string): string {
  return pattern.replace(/[\\_%]/g, '\\$&').replace(/\*+/g, '%');
}

/** Linear in the topic's length for each part between stars. Regular expressions could backtrack. */
export function topicMatches(pattern: string, topic: string): boolean {
  const parts = pattern.split('*');
  const first = parts[0] ?? '';
  if (parts.length === 1) return pattern === topic;
  const last = parts.at(-1) ?? '';
  if (topic.length < first.length + last.length || !topic.startsWith(first) || !topic.endsWith(last))
    return false;
  let from = first.length;
  const end = topic.length - last.length;
  for (const part of parts.slice(1, -1)) {
    const found = topic.indexOf(part, from);
    if (found < 0 || found + part.length > end) return false;
    from = found + part.length;
  }
  return true;
}

function quote(text: string): string {
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text);
}
