package simulator

import (
	"net/http"
	"strings"
)

// The bodies of errors, in all the shapes of ringcentral/API.md 1.6, 2.4, 4 and 5.4.

type errorEntry struct {
	ErrorCode     string `json:"errorCode"`
	Message       string `json:"message"`
	ParameterName string `json:"parameterName,omitempty"`
}

type exErrorBody struct {
	ErrorCode     string       `json:"errorCode,omitempty"`
	Message       string       `json:"message,omitempty"`
	Errors        []errorEntry `json:"errors"`
	ParameterName string       `json:"parameterName,omitempty"`
}

// exError is RingEX's usual envelope: code and message twice.
func exError(status int, code, message string, parameter ...string) answer {
	name := strings.Join(parameter, "")
	return jsonAnswer(status, exErrorBody{code, message, []errorEntry{{code, message, name}}, name})
}

// plainError is the envelope of the published schema, ApiErrorResponseModel: errors alone.
// The directory uses it with ADG codes.
func plainError(status int, code, message string, parameter ...string) answer {
	return jsonAnswer(status, exErrorBody{Errors: []errorEntry{{code, message, strings.Join(parameter, "")}}})
}

// gatewayError is the API gateway's envelope: the list is there and empty.
func gatewayError(status int, code, message string) answer {
	return jsonAnswer(status, exErrorBody{ErrorCode: code, Message: message, Errors: []errorEntry{}})
}

type oauthErrorBody struct {
	Error       string       `json:"error"`
	Description string       `json:"error_description"`
	Errors      []errorEntry `json:"errors,omitempty"`
}

// oauthError is the token endpoint's; an empty code leaves the list out, as RingCentral sometimes does.
func oauthError(status int, kind, code, description string) answer {
	body := oauthErrorBody{Error: kind, Description: description}
	if code != "" {
		body.Errors = []errorEntry{{ErrorCode: code, Message: description}}
	}
	return jsonAnswer(status, body)
}

type cxErrorBody struct {
	ErrorCode        string `json:"errorCode,omitempty"`
	GeneralMessage   string `json:"generalMessage"`
	Details          string `json:"details"`
	DeveloperMessage string `json:"developerMessage"`
	Cause            string `json:"cause"`
	RequestURI       string `json:"requestUri"`
	Timestamp        int64  `json:"timestamp"`
}

// cxError is RingCX's body for a status; its 401 is text instead.
func cxError(r *request, status int) answer {
	body := cxErrorBody{RequestURI: r.URL.Path + " - " + r.Method, Timestamp: now().UnixMilli()}
	switch status {
	case http.StatusForbidden:
		body.ErrorCode = "access.denied.exception"
		body.GeneralMessage, body.DeveloperMessage = "You do not have permission to access this resource", "Access is denied"
	case http.StatusBadRequest:
		body.GeneralMessage = "The supplied data is not valid"
		body.Details = body.GeneralMessage
	case http.StatusNotFound:
		body.GeneralMessage = "The resource you have requested does not exist"
		body.Details = body.GeneralMessage
	default:
		body.GeneralMessage = "An Internal Server Error occurred while processing this request"
		body.Details = body.GeneralMessage
	}
	return jsonAnswer(status, body)
}
