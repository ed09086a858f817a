module plugdeck.invalid/greeter-go-panic

go 1.21
