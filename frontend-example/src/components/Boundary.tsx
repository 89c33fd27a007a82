/** A part of the page that fails by itself: the rest of the page lives on. */
import { Component, type ReactNode } from "react";
import { ChunkMissing, withCause } from "../api/chunks";
import { Problem } from "./Problem";

interface Props {
  /** What failed: `This page`. */
  name: string;
  /** With another key, the part is tried again. */
  resetKey?: string;
  children: ReactNode;
}

interface State {
  error: Error | null;
  resetKey: string | undefined;
}

export class Boundary extends Component<Props, State> {
  override state: State = { error: null, resetKey: this.props.resetKey };

  static getDerivedStateFromError(error: unknown): Partial<State> {
    return { error: withCause(error) };
  }

  static getDerivedStateFromProps({ resetKey }: Props, state: State): State | null {
    return resetKey === state.resetKey ? null : { error: null, resetKey };
  }

  override render(): ReactNode {
    const { error } = this.state;
    if (!error) return this.props.children;
    // What was loaded in vain stays so until the page is loaded again.
    if (error instanceof ChunkMissing) return <Problem error={error} onRetry={() => void error.retry()} />;
    return (
      <Problem error={error} title={`${this.props.name} could not be shown.`} onRetry={() => this.setState({ error: null })} />
    );
  }
}
