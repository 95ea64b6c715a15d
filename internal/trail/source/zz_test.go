package source
import ("testing";"syscall";"time")
func TestZ(t *testing.T){
 for range 12 {
 var a,b syscall.Rusage
 syscall.Getrusage(0,&a); t0:=time.Now()
 f,_,err:=Local([]string{"/tmp/c40k"},Only{})
 syscall.Getrusage(0,&b)
 t.Log(len(f),err,time.Since(t0), time.Duration(b.Utime.Nano()-a.Utime.Nano()), time.Duration(b.Stime.Nano()-a.Stime.Nano()))
 }
}
