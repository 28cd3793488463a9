// SPDX-License-Identifier: MIT
// The endings that every program has (exit statuses of p2p(7)).

export const ExitCode = {
	yes: 0,
	no: 1,
	trouble: 2,
	wrongData: 3,
	noAnswer: 4,
	cannotTell: 5,
	/** Only with `-- COMMAND`: our own failure, not executable, not found. */
	ownFailure: 125,
	notExecutable: 126,
	notFound: 127,
} as const;

export type ExitStatus = (typeof ExitCode)[keyof typeof ExitCode];

/** The status that an error code of the core or of the system stands for. */
export function statusOf(code: string): ExitStatus {
	return statusByCode[code] ?? ExitCode.trouble;
}

const statusByCode: Readonly<Record<string, ExitStatus>> = {
	P2P_REFUSED: ExitCode.no,
	P2P_IN_USE: ExitCode.no,
	P2P_ACS_VFIO: ExitCode.no,
	P2P_ACS_IN_USE: ExitCode.no,
	P2P_MSIX: ExitCode.no,
	P2P_REGISTER_BAR: ExitCode.no,
	P2P_SIGNATURE: ExitCode.no,
	P2P_NOT_PEER: ExitCode.no,
	P2P_BENCH_WRONG: ExitCode.wrongData,
	P2P_TIMEOUT: ExitCode.noAnswer,
	P2P_UNKNOWN: ExitCode.cannotTell,
	P2P_UNREAD_SLOT: ExitCode.cannotTell,
	P2P_UNKNOWN_PEER: ExitCode.cannotTell,
	P2P_ACS_UNREAD: ExitCode.cannotTell,
	P2P_UNKNOWN_MSIX: ExitCode.cannotTell,
};
