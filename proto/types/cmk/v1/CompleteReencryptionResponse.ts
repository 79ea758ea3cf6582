// Original file: proto/cmk/v1/sidecar.proto


export interface CompleteReencryptionResponse {
}

export interface CompleteReencryptionResponse__Output {
}
